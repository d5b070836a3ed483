"""One fact a file: ``tests/documents/NAME.xml`` and what ``NAME.toml`` says of it."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.model.entry import Document, Entry
from aggregator.model.errors import NotAFeed
from aggregator.model.feed import FeedIdentity
from aggregator.model.time import iso
from aggregator.normalize import read

FOLDER = Path(__file__).parents[1] / "documents"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def read_file(name: str, told: dict) -> Document:
    path = next(path for path in FOLDER.glob(f"{name}.*") if path.suffix != ".toml")
    return read(
        path.read_bytes(),
        content_type=told.get("content_type", "application/xml"),
        url="https://feeds.example/harbour",
        feed=FeedIdentity("feeds.example/harbour"),
        seen=frozenset(),
        now=NOW,
        max_entries=5000,
    )


def seen_of(thing: Document | Entry, field: str) -> object:
    """A field as TOML can write it."""
    value = getattr(thing, field)
    if field == "enclosures":
        return [[one.url, one.type, -1 if one.length is None else one.length] for one in value]
    if isinstance(value, datetime) or (field in {"published", "updated"} and value is None):
        return iso(value) or ""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if value is None:
        return "none" if field in {"ttl", "update_period"} else ""
    return value


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_a_document_is_read_as_its_sheet_says(name: str) -> None:
    told = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    assert told["what"]
    if "refused" in told:
        with pytest.raises(NotAFeed) as refusal:
            read_file(name, told)
        assert refusal.value.what == told["refused"]
        return
    document = read_file(name, told)
    for field, wanted in told.get("document", {}).items():
        assert seen_of(document, field) == wanted, field
    if "entry" in told:
        assert len(document.entries) == len(told["entry"])
    for entry, wanted in zip(document.entries, told.get("entry", ()), strict=False):
        assert {field: seen_of(entry, field) for field in wanted} == wanted
