"""A long look-up in two halves: the same entries in the same order, whoever is quicker."""

import threading
from itertools import islice

import pytest
import sqlalchemy as sa
from archivedesk import NOON, ONE, Desk, item

from aggregator.archive import halves, open_archive
from aggregator.model.settings import ArchiveSettings
from aggregator.query import parse

ENTRIES = 300
PHRASES = {
    "red fox": (),
    "blue heron": (299, 298, 201),
    "grey wolf": (0, 1, 77, 149),
    "black swan": (0, 148, 149, 150, 151, 152, 299),
    "white goose": range(0, ENTRIES, 2),
}
"""Both words are in every entry; side by side in those that came at these places."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    settings = ArchiveSettings(directory=tmp_path_factory.mktemp("halves"), free_space=0)
    with open_archive(settings, write=True, purpose="a test") as opened:
        desk = Desk(opened, settings)
        desk.subscribe(ONE)
        # Newest first, as documents have them.
        desk.bring(ONE, *map(_animals, reversed(range(ENTRIES))))
        yield opened


def _animals(place: int):
    """The entry at a place, counted from the oldest."""
    said = (
        phrase if place in places else phrase.replace(" ", " and the ")
        for phrase, places in PHRASES.items()
    )
    return item(f"{place:03}", title="An animal", text=". ".join(said))


def _before(older: halves._Older) -> None:
    """Start it, and let it come to its end first."""
    threading.Thread.start(older)
    older.join()


def _never(older: halves._Older) -> None:
    older._unwanted.set()
    threading.Thread.start(older)


def _refused(older: halves._Older) -> None:
    """Start it with an engine that connects to nothing."""
    older._engine = sa.create_engine("sqlite:////nowhere/at/all.db")
    _before(older)


STARTS = {
    "before": _before,
    "meanwhile": threading.Thread.start,
    "never": _never,
    "refused": _refused,
}


@pytest.mark.parametrize("ahead", [3, 200])
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("phrase", PHRASES)
def test_halves_find_what_the_whole_has(archive, monkeypatch, phrase, start, ahead):
    monkeypatch.setattr(halves, "_MOMENT", 0.0)
    monkeypatch.setattr(halves, "_AHEAD", ahead)
    monkeypatch.setattr(halves._Older, "start", start)
    found = archive.search(parse(f'"{phrase}"'), sort="newest", limit=ENTRIES, now=NOON)
    expected = sorted(PHRASES[phrase], reverse=True)
    assert [int(entry.url[-3:]) for entry in found] == expected


def test_the_older_half_is_looked_up_for_phrases_alone(archive, monkeypatch):
    ran = []
    run = halves._Older.run
    monkeypatch.setattr(halves._Older, "run", lambda older: (run(older), ran.append(older)))
    monkeypatch.setattr(halves, "_MOMENT", 0.0)
    monkeypatch.setattr(halves._Older, "start", _before)
    assert archive.search(parse('"grey wolf"'), sort="newest", limit=ENTRIES, now=NOON)
    assert not archive.search(parse("nowhere*"), sort="newest", limit=1, now=NOON)
    assert archive.search(parse("wolf"), sort="newest", limit=1, now=NOON)
    assert [older.found for older in ran] == [[78, 2, 1]]


def test_a_look_up_that_nobody_goes_on_with_leaves_no_thread(archive, monkeypatch):
    monkeypatch.setattr(halves, "_MOMENT", 0.0)
    keys = archive.candidates(parse('"white goose"'), now=NOON)
    assert len(list(islice(keys, 3))) == 3
    keys.close()
    assert not [one for one in threading.enumerate() if isinstance(one, halves._Older)]
    assert archive._database.engine.pool.checkedout() == 0
