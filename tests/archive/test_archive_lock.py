"""The right to write an archive, as a file that is locked."""

import pytest

from aggregator.archive import lock
from aggregator.archive.lock import WriterLock
from aggregator.model.errors import AlreadyRunning


@pytest.mark.parametrize("there", [False, True], ids=["made", "there before"])
def test_who_withdraws_leaves_nothing_that_was_not_there(tmp_path, there):
    file = tmp_path / "writer.lock"
    if there:
        file.touch()
    WriterLock(tmp_path, "a test").withdraw()
    assert file.exists() is there
    WriterLock(tmp_path, "another").release()
    assert file.read_text() == ""


def test_who_is_refused_leaves_nothing_that_was_not_there(tmp_path):
    database = tmp_path / "disk" / "archive.db"
    database.parent.mkdir()
    (tmp_path / "other").mkdir()
    held = WriterLock(tmp_path / "other", "a test", database)
    with pytest.raises(AlreadyRunning, match="a test"):
        WriterLock(tmp_path, "a second", database)
    assert not (tmp_path / "writer.lock").exists()
    held.release()


def test_a_lock_whose_file_was_taken_away_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    """The first of two withdraws while the second waits for it: no third may hold another file."""
    first = WriterLock(tmp_path, "first")
    real = lock._taken

    def taken(file):
        first.withdraw()
        return real(file)

    with monkeypatch.context() as here:
        here.setattr(lock, "_taken", taken)
        second = WriterLock(tmp_path, "second")
    with pytest.raises(AlreadyRunning, match="second"):
        WriterLock(tmp_path, "third")
    second.release()
    assert (tmp_path / "writer.lock").exists()
