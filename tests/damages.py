"""Ways in which the file of a backup comes to harm: cut, zeroed, changed, or parts of it left out."""

import io
import os
import tarfile


def members(backup):
    with tarfile.open(backup) as tar:
        return {one.name: one for one in tar.getmembers()}


def files_in(backup):
    return sorted(name for name in members(backup) if name.startswith("captures/"))


def cut_at_a_member(backup):
    first_left_out = members(backup)[files_in(backup)[1]]
    os.truncate(backup, first_left_out.offset)


def cut_in_a_header(backup):
    os.truncate(backup, members(backup)[files_in(backup)[1]].offset_data - 100)


def cut_in_a_capture(backup):
    os.truncate(backup, members(backup)[files_in(backup)[1]].offset_data + 4500)


def cut_at_the_end(backup):
    last = members(backup)[files_in(backup)[1]]
    os.truncate(backup, last.offset_data + (last.size + 511) // 512 * 512)


def zero_in_a_capture(backup):
    with backup.open("r+b") as file:
        file.seek(members(backup)[files_in(backup)[0]].offset_data + 1500)
        file.write(bytes(512))


def zero_a_header(backup):
    one = members(backup)[files_in(backup)[1]]
    with backup.open("r+b") as file:
        file.seek(one.offset)
        file.write(bytes(one.offset_data - one.offset))


def leave_a_file_out(backup):
    rewrite(backup, leave_out=files_in(backup)[0])


def change_a_text(backup):
    """One that SQLite takes for sound: a letter of an entry."""
    data = backup.read_bytes()
    assert b"Some words about" in data
    backup.write_bytes(data.replace(b"Some words about", b"Some wordz about", 1))


def rewrite(backup, *, leave_out=""):
    with tarfile.open(backup) as tar:
        content = [(one, tar.extractfile(one).read()) for one in tar.getmembers()]
    with tarfile.open(backup, "w") as tar:
        for one, data in content:
            if one.name != leave_out:
                tar.addfile(one, io.BytesIO(data))
