"""Captures: what came, byte for byte, in WARC files that crashes do not harm."""

import gzip
import io
import os
import zlib
from datetime import UTC, datetime, timedelta

import brotli
import pytest
from archivedesk import NOON, ONE, answer, item
from msgspec.structs import replace
from warcio.archiveiterator import ArchiveIterator

from aggregator.archive import disk, open_archive
from aggregator.model.batch import LinkedPage
from aggregator.model.errors import ArchiveError
from aggregator.model.settings import ArchiveSettings, Captures

LATER = NOON + timedelta(hours=2)


def files(settings):
    return sorted((settings.directory / "captures").glob("*.warc.gz"))


def records(settings):
    """(kind, WARC headers, HTTP headers, bytes) of every record."""
    return [
        (record.rec_type, record.rec_headers, record.http_headers, record.raw_stream.read())
        for path in files(settings)
        for record in ArchiveIterator(io.BytesIO(path.read_bytes()))
    ]


def reference(desk, name, number=0):
    return desk.archive.history(item(name).id)[number].capture


def test_a_revision_names_the_capture_that_brought_it(desk, settings):
    desk.bring(ONE, item("a"), response=answer(ONE, NOON, b"<first/>"))
    desk.bring(ONE, item("a", title="b"), response=answer(ONE, LATER, b"<second/>"), at=LATER)
    assert desk.archive.capture(reference(desk, "a", 0)) == b"<first/>"
    assert desk.archive.capture(reference(desk, "a", 1)) == b"<second/>"
    kinds = [kind for kind, *_ in records(settings)]
    assert kinds == ["warcinfo", "response", "response"]


def test_what_auditors_read(desk, settings):
    response = answer(
        ONE, NOON, b"<x/>", Set_Cookie="id=secret", ETag='"1"', Transfer_Encoding="chunked"
    )
    response = replace(response, url="https://ana:secret@one.example/feed")
    desk.bring(ONE, item("a"), response=response)
    _, (_, warc, http, body) = records(settings)
    assert warc.protocol == "WARC/1.1"
    assert warc.get_header("WARC-Target-URI") == "https://one.example/feed"
    assert warc.get_header("WARC-Date") == "2026-03-02T12:00:00Z"
    assert http.statusline == "200 OK"
    assert http.get_header("etag") == '"1"'
    assert body == b"<x/>"
    assert b"secret" not in gzip.decompress(files(settings)[0].read_bytes())


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", b"7\r\nplain"),
        ("gzip", gzip.compress(b"7\r\nplain", mtime=0)),
        ("deflate", zlib.compress(b"7\r\nplain")),
        ("deflate", zlib.compress(b"7\r\nplain")[2:-4]),
        ("br", brotli.compress(b"7\r\nplain")),
        ("zstd", None),
    ],
)
def test_the_wire_is_kept_and_the_body_comes_back(desk, settings, coding, packed):
    if packed is None:
        zstd = pytest.importorskip("backports.zstd")
        packed = zstd.compress(b"7\r\nplain")
    headers = {"Content_Encoding": coding} if coding else {}
    response = answer(ONE, NOON, packed, **headers, Transfer_Encoding="chunked")
    desk.bring(ONE, item("a"), response=response)
    assert records(settings)[1][3] == packed
    assert desk.archive.capture(reference(desk, "a")) == b"7\r\nplain"


@pytest.mark.parametrize(("kept", "count"), [("changed", 1), ("all", 2), ("off", 0)])
def test_which_responses_are_kept(desk, settings, archive, kept, count):
    archive._settings = replace(settings, captures=Captures(kept))
    desk.bring(ONE, item("a"))
    desk.bring(ONE, item("a"), at=LATER)
    assert len([kind for kind, *_ in records(settings) if kind == "response"]) == count
    assert (reference(desk, "a") is None) == (kept == "off")


def test_new_words_of_the_feed_about_itself_are_kept(desk, settings):
    desk.bring(ONE, item("a"))
    document = desk.fetched(ONE, item("a")).document
    desk.bring(ONE, item("a"), document=replace(document, title="Another name"), at=LATER)
    assert len(records(settings)) == 3


def linked(name, body, taken=True):
    """The page that an entry links to."""
    link = item(name)
    return LinkedPage(entry=link.id, response=answer(link.url, NOON, body), taken=taken)


def test_a_revision_names_the_page_its_text_is_from(desk):
    pages = (linked("a", b"<p>one"), linked("b", b"<p>two", taken=False))
    desk.bring(ONE, item("a"), item("b"), item("c"), pages=pages)
    of_a, of_b, of_c = (desk.archive.history(item(name).id)[0] for name in "abc")
    assert desk.archive.capture(of_a.page_capture) == b"<p>one"
    assert of_a.page_capture != of_a.capture
    assert (of_b.page_capture, of_c.page_capture) == (None, None)


@pytest.mark.parametrize(("kept", "count"), [("changed", 3), ("all", 5), ("off", 0)])
def test_pages_are_kept_with_what_they_brought(desk, settings, archive, kept, count):
    archive._settings = replace(settings, captures=Captures(kept))
    desk.bring(ONE, item("a"), pages=(linked("a", b"<p>one"),))
    desk.bring(ONE, item("a"), at=LATER, pages=(linked("a", b"<p>other"),))
    desk.bring(ONE, item("a"), item("b"), at=LATER, pages=(linked("b", b"<p>", taken=False),))
    assert len([kind for kind, *_ in records(settings) if kind == "response"]) == count


@pytest.mark.parametrize(
    "torn", [b"\x1f\x8b", b"garbage", gzip.compress(b"x" * 5000, mtime=0)[:-3]]
)
def test_a_torn_end_is_cut_off_when_the_archive_opens(desk, settings, torn):
    desk.bring(ONE, item("a"), response=answer(ONE, NOON, b"<first/>"))
    desk.archive.close()
    (path,) = files(settings)
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    with open_archive(settings, write=True) as opened:
        assert path.read_bytes() == whole
        desk.archive = opened
        desk.bring(ONE, item("b"), response=answer(ONE, NOON, b"<second/>"))
        assert opened.capture(reference(desk, "a")) == b"<first/>"
        assert opened.capture(reference(desk, "b")) == b"<second/>"
    assert len(records(settings)) == 3


def test_the_file_that_is_appended_to_is_repaired_whatever_stands_behind_it(desk, settings):
    today = datetime.now(UTC)
    desk.bring(ONE, item("a"), response=answer(ONE, today, b"<first/>"))
    desk.archive.close()
    (path,) = files(settings)
    whole = path.read_bytes()
    path.write_bytes(whole + b"\x1f\x8b")
    for number in range(3):
        # As of another host whose clock is ahead.
        path.with_name(f"2999010{number + 1}-other.warc.gz").write_bytes(b"")
    with open_archive(settings, write=True):
        assert path.read_bytes() == whole


def test_a_capture_of_several_gzip_members_comes_back_whole(desk):
    wire = gzip.compress(b"<first/>", mtime=0) + gzip.compress(b"<second/>")
    coded = answer(ONE, NOON, wire, Content_Encoding="gzip")
    desk.bring(ONE, item("a"), response=coded)
    assert desk.archive.capture(reference(desk, "a")) == b"<first/><second/>"


def test_a_whole_record_without_reference_stays(desk, settings):
    desk.bring(ONE, item("a"))
    desk.archive.close()
    (path,) = files(settings)
    again = path.read_bytes() * 2
    path.write_bytes(again)
    with open_archive(settings, write=True):
        assert path.read_bytes() == again


def test_files_of_another_database_are_left_alone(desk, settings, tmp_path):
    desk.bring(ONE, item("a"))
    desk.archive.close()
    (path,) = files(settings)
    held = path.read_bytes()
    other = replace(settings, database=f"sqlite:///{tmp_path}/other.db")
    with open_archive(replace(other, directory=tmp_path / "elsewhere"), write=True):
        pass
    with open_archive(other, write=True):
        assert path.read_bytes() == held


def test_a_full_disk_loses_nothing(desk, settings, monkeypatch):
    desk.bring(ONE, item("a"))
    (path,) = files(settings)
    held, write = path.read_bytes(), os.write

    def full(file, data):
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return write(file, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(ArchiveError, match="No space left"):
        desk.bring(ONE, item("b"))
    monkeypatch.undo()
    assert path.read_bytes() == held
    assert [record.title for record in desk.archive.export()] == ["Title of a"]
    assert desk.bring(ONE, item("b")).new == 1


@pytest.mark.parametrize(
    ("free", "floor", "told"),
    [
        (9, 700_000, "only 9 bytes are free, and archive.free_space keeps 684 KiB"),
        (2**19, 2**20, "only 512 KiB are free, and archive.free_space keeps 1.0 MiB"),
        (2**20, 2**30, "only 1.0 MiB are free, and archive.free_space keeps 1.0 GiB"),
    ],
)
def test_what_is_free_and_what_is_kept_so_is_told_in_fitting_units(
    tmp_path, monkeypatch, free, floor, told
):
    monkeypatch.setattr(disk, "free_bytes", lambda _: free)
    with pytest.raises(ArchiveError, match=told):
        disk.refuse_full_disk([tmp_path], floor)


def test_below_the_floor_of_free_space_nothing_is_written(desk, settings, archive):
    archive._settings = replace(settings, free_space=1 << 60)
    with pytest.raises(ArchiveError, match=r"archive\.free_space"):
        desk.bring(ONE, item("a"))
    archive._settings = settings
    assert desk.bring(ONE, item("a")).new == 1


def test_a_disk_for_captures_that_is_not_mounted_is_told(desk, settings):
    (settings.directory / "captures").symlink_to(settings.directory / "not mounted")
    with pytest.raises(
        ArchiveError, match=r"a link to a folder that is not there \(mount its disk"
    ):
        desk.bring(ONE, item("a"))


@pytest.mark.parametrize("kept", ["changed", "off"])
def test_the_disk_that_the_captures_are_on_is_looked_at_where_there_are_any(tmp_path, kept):
    # A file system that never has a byte to give.
    (tmp_path / "captures").symlink_to("/proc")
    with open_archive(ArchiveSettings(directory=tmp_path, free_space=0), write=True) as archive:
        archive._settings = ArchiveSettings(directory=tmp_path, free_space=1, captures=kept)
        if kept == "off":
            archive.refuse_if_paused()
            assert archive.info().free_bytes > 0
            return
        with pytest.raises(ArchiveError, match="only 0 bytes are free") as told:
            archive.refuse_if_paused()
        assert told.value.where == str(tmp_path / "captures")
        assert archive.info().free_bytes == 0


@pytest.mark.parametrize("name", ["nothing.warc.gz:0", "../archive.db:0", "20260302-x.warc.gz:-4"])
def test_a_capture_that_is_not_there(desk, name):
    with pytest.raises(ArchiveError, match="cannot be read"):
        desk.archive.capture(name)


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize(
    ("first", "last"), [(0.0, 1.0), (0.5, 1.0), (0.4, 0.5), (0.0, 0.1), (0.9, 1.0)]
)
def test_a_damaged_capture_is_no_body_and_said_in_a_line(desk, settings, coding, first, last):
    told = {"Content_Encoding": coding} if coding else {}
    body = bytes(range(256)) * 8
    packed = gzip.compress(body, mtime=0) if coding else body
    desk.bring(ONE, item("a"), response=replace(answer(ONE, NOON, body, **told), wire=packed))
    name = reference(desk, "a")
    assert desk.archive.capture(name) == body
    file, _, offset = name.rpartition(":")
    path = settings.directory / "captures" / file
    data = bytearray(path.read_bytes())
    length = len(data) - int(offset)
    begin, end = int(offset) + int(first * length), int(offset) + int(last * length)
    data[begin:end] = bytes(end - begin)
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="cannot be read") as refused:
        desk.archive.capture(name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


def test_every_member_is_a_gzip_of_its_own(desk, settings):
    """So that a reader can begin at any record."""
    desk.bring(ONE, item("a"))
    file, _, offset = reference(desk, "a").rpartition(":")
    rest = (settings.directory / "captures" / file).read_bytes()[int(offset) :]
    record = next(iter(ArchiveIterator(io.BytesIO(rest))))
    assert record.rec_type == "response"
