"""What documents change, over several polls: a shelf of plain dicts stands in for the archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model.batch import ChangeKind, Decision, Fetched, Known, KnownEntry, KnownStory
from aggregator.model.entry import TOLD_APART, Document, EntryKey, StoryKey, pack_parts
from aggregator.model.errors import FetchError
from aggregator.model.feed import FailureKind, Feed, FeedIdentity, FeedKey, Listed
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import decide, read

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG = " ".join(f"word{n} of a long report about the harbour" for n in range(30))


class News(Struct, frozen=True):
    """An item in few words; ``link`` and ``guid`` "" where the publisher gives none."""

    title: str
    guid: str = ""
    link: str = ""
    text: str = ""
    date: datetime | None = None

    def xml(self) -> str:
        link = f"<link>{self.link}</link>" if self.link else ""
        guid = f'<guid isPermaLink="false">{self.guid}</guid>' if self.guid else ""
        date = f"<pubDate>{self.date:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if self.date else ""
        text = f"<description>{self.text or self.title}</description>"
        return f"<item><title>{self.title}</title>{link}{guid}{date}{text}</item>"


def news(*names: str, text: str = "") -> list[News]:
    """Items n1, n2 …, newest first, each with guid and link."""
    return [
        News(title=f"Report {name}", guid=name, link=f"https://h.example/{name}", text=text)
        for name in names
    ]


def document(items: Sequence[News], feed: Feed, *, most: int = 5000) -> Document:
    body = "".join(item.xml() for item in items)
    return read(
        f"<rss version='2.0'><channel><title>H</title><language>en</language>{body}</channel></rss>".encode(),
        content_type="application/xml",
        url=feed.url,
        feed=feed.identity,
        seen=feed.seen,
        now=NOW,
        max_entries=most,
    )


class Shelf(Struct):
    """Keeps what decisions say, and tells what is known, as the archive does."""

    feeds: dict[str, Feed] = field(default_factory=dict)
    held: dict[int, KnownEntry] = field(default_factory=dict)
    seen: dict[int, datetime] = field(default_factory=dict)
    clock: datetime = NOW

    def feed(self, name: str) -> Feed:
        url = f"https://feeds.example/{name}"
        first = Feed(
            key=FeedKey(len(self.feeds) + 1), identity=FeedIdentity(f"feeds.example/{name}"), url=url, fetch_url=url,
        )  # fmt: skip
        return self.feeds.setdefault(name, first)

    def known(self, fetched: Sequence[Fetched] = ()) -> Known:
        known, again = Known(), self._again(fetched)
        for key in sorted(self.held):
            one = self.held[key]
            if one.likeness:
                known.by_likeness[one.feed, one.likeness] = one
            known.entries[one.feed, one.identity] = one
            if one.canonical_url:
                known.by_url.setdefault((one.feed, one.canonical_url), one)
            if one.key in again and not one.vanished and TOLD_APART not in one.identity:
                known.kept[one.key] = one.id
            else:
                known.listed[one.key] = one
            story = KnownStory(
                key=one.story_key, id=one.story, newest=self.seen[key],
                feed=one.feed, page=one.canonical_url, packed=one.packed,
            )  # fmt: skip
            if one.canonical_url:
                before = known.stories_by_url.get(one.canonical_url, ())
                known.stories_by_url[one.canonical_url] = (*before, story)
            if one.text_hash:
                known.stories_by_text[one.text_hash] = story
        return known

    def _again(self, fetched: Sequence[Fetched]) -> set[int]:
        """The keys of those whose item came again word for word."""
        return {key for one in fetched for _, _, key in one.repeated}

    def poll(self, *given: tuple[str, Sequence[News]], most: int = 5000) -> list[Decision]:
        fetched = [
            Fetched(feed=self.feed(name), at=self.clock, document=document(items, self.feed(name), most=most))
            for name, items in given
        ]  # fmt: skip
        decisions = decide(
            fetched, self.known(fetched), now=self.clock, settings=NormalizeSettings()
        )
        for (name, _), decision in zip(given, decisions, strict=True):
            self._store(name, decision)
        return list(decisions)

    def _store(self, name: str, decision: Decision) -> None:
        feed = self.feeds[name]
        for change in decision.changes:
            if change.kind is ChangeKind.VANISHED or change.kind is ChangeKind.RETURNED:
                gone = self.clock if change.kind is ChangeKind.VANISHED else None
                assert change.key is not None
                self.held[change.key] = replace(self.held[change.key], vanished=gone)
                continue
            entry = change.entry
            assert entry is not None
            key = change.key or EntryKey(len(self.held) + 1)
            # What has only moved keeps what its last revision said.
            said = self.held[key] if change.kind is ChangeKind.MOVED else entry
            self.seen.setdefault(key, self.clock)
            self.held[key] = KnownEntry(
                key=key, feed=feed.key, id=change.id, identity=entry.identity, canonical_url=entry.canonical_url,
                url=entry.url, fingerprint=said.fingerprint, packed=pack_parts(said.parts), revisions=change.revision,
                vanished=None, story=change.story.id, story_key=change.story.key or StoryKey(key), lead=change.lead,
                text_hash=entry.text_hash, likeness=entry.likeness, first_seen=self.seen[key],
                news=self.held[key].news if key in self.held else change.announce,
            )  # fmt: skip
        if decision.listing is not None:
            by_id = {one.id: one.key for one in self.held.values() if one.feed == feed.key}
            listing = tuple(
                Listed(item_hash=item_hash, entry_key=by_id[identifier], missing=missing)
                for item_hash, identifier, missing in decision.listing
            )
            self.feeds[name] = replace(feed, listing=listing, entries=len(by_id))


def told(decision: Decision) -> list[tuple[str, str]]:
    """(kind, guid or id's end) of each change, in order."""
    return [
        (change.kind.value, change.entry.guid if change.entry else "")
        for change in decision.changes
    ]


def test_a_first_poll_brings_everything_oldest_first() -> None:
    (decision,) = Shelf().poll(("a", news("3", "2", "1")))
    assert told(decision) == [("new", "1"), ("new", "2"), ("new", "3")]
    assert [missing for *_, missing in decision.listing or ()] == [0, 0, 0]
    assert not decision.missed


def test_where_all_items_are_dated_the_date_says_what_is_oldest() -> None:
    items = [
        replace(one, date=NOW - timedelta(hours=hours))
        for one, hours in zip(news("b", "c", "a"), (5, 1, 9), strict=True)
    ]
    (decision,) = Shelf().poll(("a", items))
    assert [guid for _, guid in told(decision)] == ["a", "b", "c"]


def test_the_same_again_changes_nothing() -> None:
    shelf = Shelf()
    shelf.poll(("a", news("2", "1")))
    (decision,) = shelf.poll(("a", news("2", "1")))
    assert decision.changes == ()
    assert len(decision.listing or ()) == 2


def test_a_failure_and_an_unchanged_answer_decide_nothing() -> None:
    feed = Shelf().feed("a")
    failure = FetchError("no", url=feed.url, kind=FailureKind.TIMEOUT)
    fetched = [Fetched(feed=feed, at=NOW), Fetched(feed=feed, at=NOW, failure=failure)]
    for decision in decide(fetched, Known(), now=NOW, settings=NormalizeSettings()):
        assert decision.changes == ()
        assert decision.listing is None


@pytest.mark.parametrize(
    ("change", "field_name"),
    [
        ({"title": "Another headline"}, "title"),
        ({"text": "Another text"}, "content"),
        ({"date": NOW - timedelta(days=3)}, "published"),
        ({"date": None}, "published"),
        ({"link": "https://h.example/elsewhere"}, "link"),
    ],
)
def test_what_a_reader_would_call_changed_is_a_revision(change: dict, field_name: str) -> None:
    shelf = Shelf()
    first = replace(news("1", text="A text")[0], date=NOW - timedelta(days=2))
    shelf.poll(("a", [first]))
    (decision,) = shelf.poll(("a", [replace(first, **change)]))
    assert [one.kind for one in decision.changes] == [ChangeKind.REVISED]
    assert field_name in decision.changes[0].fields
    assert decision.changes[0].revision == 2


def test_a_date_that_only_moves_on_is_no_edit_and_neither_is_its_way_back() -> None:
    shelf = Shelf()
    first = replace(news("1", text="A text")[0], date=NOW - timedelta(days=2))
    shelf.poll(("a", [first]))
    for hours in (1, 30, 0):
        (decision,) = shelf.poll(("a", [replace(first, date=first.date + timedelta(hours=hours))]))
        assert {change.kind for change in decision.changes} <= {ChangeKind.MOVED}


@pytest.mark.parametrize(
    "text",
    [
        "&lt;p class=x&gt;A “quoted” text&lt;/p&gt;",
        'A   "quoted"\n text',
        "&lt;p&gt;A “quoted” text&lt;img src='https://t.example/pixel.gif' width=1 height=1&gt;&lt;/p&gt;",
    ],
)
def test_markup_quotes_and_pixels_are_no_revision(text: str) -> None:
    shelf = Shelf()
    first = news("1", text="&lt;p&gt;A “quoted” text&lt;/p&gt;")[0]
    shelf.poll(("a", [first]))
    (decision,) = shelf.poll(("a", [replace(first, text=text)]))
    assert decision.changes == ()


@pytest.mark.parametrize(
    "link",
    ["http://h.example/1", "https://www.h.example/1/", "https://h.example/1?utm_source=x&fbclid=y"],
)
def test_a_link_that_leads_to_the_same_page_is_an_address_and_no_revision(link: str) -> None:
    shelf = Shelf()
    first = news("1")[0]
    shelf.poll(("a", [first]))
    (decision,) = shelf.poll(("a", [replace(first, link=link)]))
    assert [one.kind for one in decision.changes] == [ChangeKind.MOVED]
    assert decision.changes[0].revision == 1
    assert decision.changes[0].entry is not None
    assert decision.changes[0].entry.url == link


def test_a_new_guid_for_the_same_page_is_the_same_entry() -> None:
    shelf = Shelf()
    (first,) = shelf.poll(("a", news("2", "1")))
    items = [replace(one, guid=f"new-{one.guid}") for one in news("2", "1")]
    (decision,) = shelf.poll(("a", items))
    assert told(decision) == [("moved", "new-1"), ("moved", "new-2")]
    assert [one.id for one in decision.changes] == [one.id for one in first.changes]


def test_identity_outranks_the_page_whatever_the_order() -> None:
    """One item takes over the link of another that is still there under its own guid."""
    shelf = Shelf()
    one = News(title="One", guid="1", link="https://h.example/x", text="One")
    shelf.poll(("a", [one]))
    moved = replace(one, link="https://h.example/y")
    newcomer = News(title="Two", guid="2", link="https://h.example/x", text="Two")
    for items in ([newcomer, moved], [moved, newcomer]):
        (decision,) = replace_shelf(shelf).poll(("a", items))
        assert sorted(told(decision)) == [("new", "2"), ("revised", "1")]


def replace_shelf(shelf: Shelf) -> Shelf:
    return replace(shelf, feeds=dict(shelf.feeds), held=dict(shelf.held), seen=dict(shelf.seen))


def test_a_twin_that_comes_or_goes_does_not_rename_the_other() -> None:
    shelf = Shelf()
    first = News(title="Morning", link="https://h.example/live", text="Dry.")
    second = News(title="Noon", link="https://h.example/live", text="Wet.")
    shelf.poll(("a", [first]))
    (both,) = shelf.poll(("a", [second, first]))
    assert [one.kind for one in both.changes] == [ChangeKind.MOVED, ChangeKind.NEW]
    (left,) = shelf.poll(("a", [second]))
    assert [one.kind for one in left.changes] == [ChangeKind.MOVED]
    assert len(shelf.held) == 2


def test_missing_twice_while_older_ones_are_listed_is_vanished() -> None:
    shelf = Shelf()
    shelf.poll(("a", news("3", "2", "1")))
    (once,) = shelf.poll(("a", news("3", "1")))
    assert once.changes == ()
    assert [missing for *_, missing in once.listing or ()] == [0, 1, 0]
    (twice,) = shelf.poll(("a", news("3", "1")))
    assert [one.kind for one in twice.changes] == [ChangeKind.VANISHED]
    assert len(twice.listing or ()) == 2
    (again,) = shelf.poll(("a", news("3", "2", "1")))
    assert [one.kind for one in again.changes] == [ChangeKind.RETURNED]
    assert shelf.held[2].vanished is None


def test_back_after_one_poll_is_no_event() -> None:
    shelf = Shelf()
    shelf.poll(("a", news("3", "2", "1")))
    shelf.poll(("a", news("3", "1")))
    (decision,) = shelf.poll(("a", news("3", "2", "1")))
    assert decision.changes == ()
    assert [missing for *_, missing in decision.listing or ()] == [0, 0, 0]


def test_pushed_out_by_newer_items_is_no_event() -> None:
    shelf = Shelf()
    shelf.poll(("a", news("3", "2", "1")))
    for items in (news("4", "3", "2"), news("5", "4", "3"), news("5", "4", "3")):
        (decision,) = shelf.poll(("a", items))
        assert {one.kind for one in decision.changes} <= {ChangeKind.NEW}
    assert len(decision.listing or ()) == 3


def test_absence_from_an_incomplete_document_means_nothing() -> None:
    shelf = Shelf()
    shelf.poll(("a", news("4", "3", "2", "1")))
    shelf.poll(("a", news("4", "2", "1")))
    (cut,) = shelf.poll(("a", news("4", "2", "1")), most=2)
    assert cut.changes == ()
    assert [missing for *_, missing in cut.listing or ()] == [0, 1, 0], "what was missing stays so"


def test_an_empty_document_takes_nothing_away() -> None:
    shelf = Shelf()
    shelf.poll(("a", news("2", "1")))
    for _ in range(3):
        (decision,) = shelf.poll(("a", []))
        assert decision.changes == ()
    (back,) = shelf.poll(("a", news("2", "1")))
    assert back.changes == ()


def test_no_overlap_means_something_was_missed() -> None:
    shelf = Shelf()
    (first,) = shelf.poll(("a", news("2", "1")))
    (overlap,) = shelf.poll(("a", news("3", "2")))
    (apart,) = shelf.poll(("a", news("9", "8")))
    assert [first.missed, overlap.missed, apart.missed] == [False, False, True]


def test_what_is_more_than_a_limit_was_missed_and_what_broke_off_was_not() -> None:
    shelf = Shelf()
    shelf.poll(("a", news("2", "1")))
    (many,) = shelf.poll(("a", news("9", "8", "7", "6")), most=2)
    assert many.missed
    feed = shelf.feed("a")
    cut = replace(document(news("12", "11"), feed), complete=False, breaks_off=True)
    fetched = [Fetched(feed=feed, at=NOW, document=cut)]
    (decision,) = decide(fetched, shelf.known(fetched), now=NOW, settings=NormalizeSettings())
    assert not decision.missed


@pytest.mark.parametrize(
    ("age", "announced"),
    [(timedelta(days=1), True), (timedelta(days=8), False), (timedelta(hours=-6), True)],
)
def test_dated_items_are_news_for_a_week(age: timedelta, announced: bool) -> None:
    (decision,) = Shelf().poll(("a", [replace(news("1")[0], date=NOW - age)]))
    assert decision.changes[0].announce is announced


def test_of_undated_items_a_first_poll_announces_the_top_and_later_ones_all() -> None:
    shelf = Shelf()
    names = [str(n) for n in range(20, 0, -1)]
    (first,) = shelf.poll(("a", news(*names)))
    assert [one.entry.guid for one in first.changes if one.announce and one.entry] == [
        str(n) for n in range(11, 21)
    ]
    later = [str(n) for n in range(40, 10, -1)]
    (second,) = shelf.poll(("a", news(*later)))
    assert all(one.announce for one in second.changes)
    assert len(second.changes) == 20


def test_a_copy_in_the_same_batch_joins_the_story() -> None:
    copy = News(title="Ferry", guid="x", text=LONG)
    first, second = Shelf().poll(
        ("a", [copy]), ("b", [replace(copy, title="The ferry!", guid="y")])
    )
    assert first.changes[0].story.how == "first"
    assert first.changes[0].lead
    assert second.changes[0].story.how == "text"
    assert second.changes[0].story.id == first.changes[0].story.id
    assert not second.changes[0].lead


def test_the_same_page_in_another_feed_later_joins_the_story() -> None:
    shelf = Shelf()
    (first,) = shelf.poll(("a", news("1")))
    (second,) = shelf.poll(
        ("b", [replace(news("1")[0], guid="other", link="http://www.h.example/1?utm_medium=rss")])
    )
    assert second.changes[0].story.how == "url"
    assert second.changes[0].story.id == first.changes[0].story.id
    assert second.changes[0].story.key is not None


def test_the_same_words_a_month_later_are_another_story() -> None:
    shelf = Shelf()
    (first,) = shelf.poll(("a", [News(title="Tides", guid="1", text=LONG)]))
    shelf.clock = NOW + timedelta(days=30)
    (second,) = shelf.poll(("b", [News(title="Tides", guid="1", text=LONG)]))
    assert second.changes[0].story.how == "first"
    assert second.changes[0].story.id != first.changes[0].story.id


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # Too short to tell a copy from a like.
        (News("Result", "1", text="It ended 1-0."), News("Result", "2", text="It ended 1-0."), False),
        # Short, but headline and sentence agree in enough words.
        (
            News("Ferry sails again today", "1", text="After three weeks of work the boat is back in town."),
            News("Ferry sails again today", "2", text="After three weeks of work, the boat is back in town"),
            True,
        ),
        (
            News("Ferry sails again today", "1", text="After three weeks of work the boat is back in town."),
            News("Good news from the bay", "2", text="After three weeks of work the boat is back in town."),
            False,
        ),
        (News("A", "1", text=LONG), News("B", "2", text=LONG.replace("word7 ", "word8 ")), False),
    ],
)  # fmt: skip
def test_what_counts_as_an_exact_copy(one: News, other: News, same: bool) -> None:
    first, second = Shelf().poll(("a", [one]), ("b", [other]))
    assert first.changes[0].story.new
    assert (second.changes[0].story.how == "text") is same


def test_a_page_that_several_items_share_joins_no_stories() -> None:
    live = "https://h.example/live"
    first, second = Shelf().poll(
        ("a", [News("One", "1", live, "One"), News("Two", "2", live, "Two")]),
        ("b", [News("Three", "3", live, "Three"), News("Four", "4", live, "Four")]),
    )
    stories = {change.story.id for decision in (first, second) for change in decision.changes}
    assert len(stories) == 4


def test_no_story_has_the_id_of_an_entry() -> None:
    (decision,) = Shelf().poll(("a", news("2", "1")))
    ids = {one.id for one in decision.changes} | {one.story.id for one in decision.changes}
    assert len(ids) == 4


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.integers(0, 7), unique=True, min_size=1, max_size=6), min_size=2, max_size=6
    )
)
def test_whatever_is_listed_each_entry_is_new_once(polls: list[list[int]]) -> None:
    shelf, brought = Shelf(), set()
    for listed in polls:
        names = [str(n) for n in sorted(listed, reverse=True)]
        (decision,) = shelf.poll(("a", news(*names)))
        for change in decision.changes:
            if change.kind is ChangeKind.NEW:
                assert change.id not in brought
                brought.add(change.id)
            assert change.kind is not ChangeKind.REVISED
        known = [identifier for _, identifier, missing in decision.listing or () if not missing]
        assert len(known) == len(names)
    assert len(shelf.held) == len({n for listed in polls for n in listed})


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(6)), st.booleans())
def test_ids_do_not_depend_on_the_order_of_a_document(order: list[int], guids: bool) -> None:
    items = news(*"123456")
    items = items if guids else [replace(one, guid="") for one in items]
    feed = Shelf().feed("a")
    plain = {entry.title: entry.id for entry in document(items, feed).entries}
    mixed = {entry.title: entry.id for entry in document([items[n] for n in order], feed).entries}
    assert plain == mixed
