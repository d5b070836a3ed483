"""Near copies are one story, what only looks like one is not; and which entry leads it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from madestories import Article, Maker, cases
from msgspec.structs import replace

from aggregator.model.batch import Fetched, Known, KnownStory, KnownText, Lead
from aggregator.model.entry import Document, Entry, EntryKey, StoryId, StoryKey
from aggregator.model.feed import Feed, FeedIdentity, FeedKey
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import decide, read
from aggregator.normalize.likeness import same_story, wording
from aggregator.normalize.shingles import MOST_WORDS, sample
from aggregator.normalize.stories import Sources
from aggregator.query.analysis import number

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEARDUP = Path(__file__).parents[3] / "shared" / "corpus" / "neardup"


def feed(number: int, **given) -> Feed:
    url = f"https://feed{number}.example/rss"
    return Feed(
        key=FeedKey(number), identity=FeedIdentity(f"feed{number}.example/rss"), url=url, fetch_url=url, **given,
    )  # fmt: skip


def entry(title: str, text: str, of: Feed) -> Entry:
    """The one entry of a document, as a worker reads it."""
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in text.split("\n"))
    item = f"<item><title>{escape(title)}</title><description>{escape(paragraphs)}</description></item>"
    body = (
        f"<rss version='2.0'><channel><title>F</title><language>en</language>{item}</channel></rss>"
    )
    found = read(
        body.encode("utf-8", "replace"), content_type="application/xml", url=of.url, feed=of.identity,
        seen=frozenset(), now=NOW, max_entries=10,
    )  # fmt: skip
    return found.entries[0]


def brought(*articles: Article, feeds: tuple[Feed, ...] = (), known: Known | None = None, **given):
    """The changes of a batch in which each article comes in a feed of its own."""
    feeds = feeds or tuple(feed(number) for number in range(1, len(articles) + 1))
    fetched = []
    for of, article in zip(feeds, articles, strict=True):
        document = read_one(article, of)
        fetched.append(Fetched(feed=of, at=NOW, document=document))
    settings = NormalizeSettings(**given)
    decisions = decide(fetched, known or Known(), now=NOW, settings=settings)
    return [change for decision in decisions for change in decision.changes]


def read_one(article: Article, of: Feed) -> Document:
    return Document(version="rss20", entries=(entry(article.title, article.text, of),))


def joins(one: Article, other: Article) -> bool:
    _, second = brought(one, other)
    return not second.story.new


def scores(judged: Iterable[tuple[str, bool, bool]]) -> tuple[float, dict[str, float], list[str]]:
    """(precision, recall by group, kinds that were judged wrong) of (kind, same, joined)."""
    right, joined, total, mistakes = Counter(), 0, Counter(), []
    for kind, same, found in judged:
        joined += found
        total[kind[:1]] += same
        right[kind[:1]] += same and found
        if same != found:
            mistakes.append(kind)
    recalls = {group: right[group] / total[group] for group in total if total[group]}
    return sum(right.values()) / joined, recalls, mistakes


def sampled(words):
    return sample(list(map(number, words)))


def test_made_copies_are_found_and_made_traps_are_not():
    judged = [(one.kind, one.same, joins(one.one, one.other)) for one in cases()]
    precision, recalls, mistakes = scores(judged)
    assert precision >= 0.99, mistakes
    assert all(recalls[grade] >= 0.97 for grade in "123"), mistakes
    assert all(recalls[grade] >= 0.85 for grade in "45"), mistakes


@pytest.mark.skipif(not NEARDUP.is_dir(), reason="needs the labelled pairs")
def test_labelled_pairs():
    judged = []
    for name in ("made_positive", "natural_positive", "natural_bbc", "overlap_labelled", "hard_negative"):  # fmt: skip
        for line in (NEARDUP / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            if row.get("degree") == "developed" and row["label"] != 0:
                continue
            kind = f"{row.get('grade') or ('natural' if 'natural' in name else 'overlap')}"
            pair = [wording(row[side]["title"], row[side]["text"]) for side in "ab"]
            found = len(set.intersection(*(set(sampled(each.words)) for each in pair))) >= 2
            judged.append((kind, row["label"] == 1, found and same_story(*pair)))
    precision, recalls, _ = scores(judged)
    assert precision >= 0.99
    assert recalls["n"] >= 0.97
    assert all(recalls[grade] >= 0.97 for grade in "123" if grade in recalls)
    assert all(recalls[grade] >= 0.85 for grade in "45" if grade in recalls)


NOTE = "The harbour side has signed a forward from across the bay for two years and he will wear the nine"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Forward signs for the harbour side", NOTE), ("FORWARD signs for the harbour side", f"PORT - {NOTE}."), True),
        (("Forward signs for the harbour side", NOTE), ("A new nine comes over the bay", NOTE), True),
        (("Forward signs for the harbour side", NOTE), ("A new nine comes over the bay", NOTE[:60]), False),
        (("Forward signs for the harbour side later today", ""), ("Forward signs for the harbour side later today", "Forward signs for the harbour side later today The Post"), True),
        (("Players called up: 125 of the league", "125 players of the league are called up by their national teams this week in June"), ("Players called up: 136 of the league", "136 players of the league are called up by their national teams this week in June"), False),
        (("Fever v Mystics: prediction, odds and best bets", ""), ("Sky v Mystics: prediction, odds and best bets", ""), False),
        (("Today's results in brief and more", ""), ("Today's results in brief and more", ""), False),
        (("Follow the match with us", "Follow all of the action from the match here"), ("Forward signs", f"Follow all of the action from the match here. {NOTE}. {NOTE[::-1]}. {NOTE.upper()[::-1]} {NOTE[5:]}"), False),
        (("Result", "It ended with no goal."), ("Result", "It ended with no goal."), False),
        (("", ""), ("", ""), False),
    ],
)  # fmt: skip
def test_notes_of_a_sentence(one, other, same):
    assert same_story(wording(*one), wording(*other)) is same


FORM = (
    "{home} beat {guest} {score} on Saturday in the second division, with {who} scoring in the {minute} minute to "
    "give the home side the lead before the break.\n{home} had most of the ball in the first half and created "
    "several chances, but it took them until the {minute} minute to find a way through the defence of {guest}.\n"
    "{guest} tried to get back into the game after the break and made three changes, but the home goalkeeper was "
    "equal to everything that came his way.\nReferee {judge} showed four yellow cards in front of a crowd of "
    "{crowd}. {home} play again next week, while {guest} have a free weekend because of the cup."
)
CITY = {"home": "City", "guest": "Rovers", "score": "2-0", "who": "Okafor", "judge": "Pole"}
CITY |= {"minute": "34th", "crowd": "21,040"}
QUAY = {"home": "Quay", "guest": "Harbour", "score": "1-0", "who": "Marsh", "judge": "Dent"}
QUAY |= {"minute": "12th", "crowd": "8,115"}


@pytest.mark.parametrize(
    ("title", "filled", "same"),
    [
        pytest.param("Quay see off Harbour at home", QUAY, False, id="another match"),
        pytest.param("Rivals left behind", CITY, True, id="a copy under another headline"),
        pytest.param(
            "Rivals left behind", CITY | {"crowd": "21,140"}, True, id="a figure corrected"
        ),
        pytest.param(
            "City beat Rovers in the rain",
            CITY | {"minute": "35th", "crowd": "21,140"},
            True,
            id="several, under a headline of the same names",
        ),
    ],
)
def test_one_form_filled_with_the_figures_of_two_matches(title, filled, same):
    first = wording("City beat Rovers to go second", FORM.format(**CITY))
    assert same_story(first, wording(title, FORM.format(**filled))) is same


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=80))
def test_the_rule_is_symmetric_and_takes_any_text(one, other, title):
    first, second = wording(title, one), wording(title, other)
    assert same_story(first, second) == same_story(second, first)


# Samples


def test_a_sample_is_the_same_on_every_machine_and_release():
    words = [f"word{number % 97}" for number in range(400)]
    assert sampled(words[:5]) == (226684071720894,)
    assert sampled(words) == sampled(list(words))


def test_a_sample_stays_small_whatever_the_text():
    table = [word for number in range(500) for word in (f"team{number}", "vs", f"{number}", "-")]
    assert len(sampled(table)) <= 156
    text = [f"word{number}" for number in range(2000)]
    assert set(sampled(table)) != set(sampled(text))
    assert 60 < len(sampled(text)) < 120


def test_what_a_sample_holds():
    assert sampled([]) == ()
    assert len(sampled(["one", "word"])) == 1
    assert len(sampled([f"w{n}" for n in range(24)])) == 20
    long = [f"w{n}" for n in range(100_000)]
    assert sampled(long) == sampled(long[:MOST_WORDS])
    assert 32 <= len(sampled(long)) < MOST_WORDS / 16
    assert all(0 <= one < 2**48 for one in sampled(long))


@given(st.integers(0, 200), st.integers(100, 400))
def test_texts_that_share_their_words_share_hashes(start, length):
    words = [f"w{n}" for n in range(start, start + length)]
    longer = ["before", *words, "behind"]
    assert len(set(sampled(words)) & set(sampled(longer))) >= 10


# Which story


MAKER = Maker(7)
STORY = MAKER.article(12)
CUT = Article(STORY.title, (" ".join(STORY.text.split()[:40]) + " …",))


def known_text(article: Article, *, seen: datetime, lead: Lead | None = None) -> KnownText:
    story = KnownStory(
        key=StoryKey(3),
        id=StoryId("urn:uuid:s"),
        newest=seen,
        lead=lead,
        feed=FeedKey(9),
        page=None,
        packed="",
    )
    return KnownText(key=EntryKey(9), story=story, title=article.title, text=article.text)


def test_copies_of_copies_in_one_batch_are_one_story():
    changes = brought(
        CUT, STORY, Article("Another headline", (*STORY.paragraphs, "One more line."))
    )
    assert [change.story.how for change in changes] == ["first", "near", "near"]
    assert len({change.story.id for change in changes}) == 1


def test_many_near_copies_in_one_batch_are_one_story():
    copies = [Article(f"Headline {n} of this story", (*STORY.paragraphs, f"Line of site {n}")) for n in range(60)]  # fmt: skip
    assert len({change.story.id for change in brought(*copies)}) == 1


@pytest.mark.parametrize(("days", "how"), [(13, "near"), (15, "first")])
def test_the_same_words_later_are_another_story(days, how):
    of = feed(1)
    new = entry(CUT.title, CUT.text, of)
    known = Known(alike={new.id: (known_text(STORY, seen=NOW - timedelta(days=days)),)})
    (change,) = brought(CUT, feeds=(of,), known=known)
    assert change.story.how == how


def test_a_copy_of_what_joined_an_archived_story_joins_it_too():
    """The second knows nothing of the archive: it is brought there by the first."""
    of = feed(1)
    new = entry(STORY.title, STORY.text, of)
    known = Known(alike={new.id: (known_text(STORY, seen=NOW),)})
    changes = brought(STORY, STORY, feeds=(of, feed(2)), known=known)
    assert [(change.story.key, change.story.id) for change in changes] == [(3, "urn:uuid:s")] * 2


# Which entry leads


def test_the_first_leads_until_a_full_version_comes():
    changes = brought(CUT, STORY, Article(STORY.title, STORY.paragraphs[:-1]))
    assert [change.lead for change in changes] == [True, True, False]


@pytest.mark.parametrize(
    ("prefer", "leads"),
    [
        ((), [True, False, False]),
        (("feed2.example",), [True, True, False]),
        (("https://feed3.example/rss", "feed2.example"), [True, True, True]),
        (("agencies",), [True, False, True]),
        (("nobody.example",), [True, False, False]),
    ],
)
def test_a_better_source_takes_the_lead(prefer, leads):
    feeds = (feed(1), feed(2), feed(3, folders=("Agencies",)))
    changes = brought(STORY, STORY, STORY, feeds=feeds, prefer_sources=prefer)
    assert [change.lead for change in changes] == leads


@pytest.mark.parametrize(
    ("minutes", "leads"),
    [((60, 0), [True, True]), ((0, 60), [True, False]), ((0, 0), [True, False]), ((60, None), [True, False])],
)  # fmt: skip
def test_of_one_batch_who_published_first_leads(minutes, leads):
    feeds, fetched = (feed(1), feed(2)), []
    for of, after in zip(feeds, minutes, strict=True):
        dated = None if after is None else NOW - timedelta(hours=3) + timedelta(minutes=after)
        (one,) = read_one(STORY, of).entries
        document = Document(version="rss20", entries=(replace(one, published=dated),))
        fetched.append(Fetched(feed=of, at=NOW, document=document))
    decisions = decide(fetched, Known(), now=NOW, settings=NormalizeSettings())
    changes = [change for decision in decisions for change in decision.changes]
    assert [change.lead for change in changes] == leads
    assert len({change.story.id for change in changes}) == 1


def test_a_better_source_that_has_only_the_beginning_does_not_lead():
    changes = brought(STORY, CUT, prefer_sources=("feed2.example",))
    assert [change.lead for change in changes] == [True, False]


def test_the_archived_lead_is_measured_too():
    of = feed(1)
    new = entry(STORY.title, STORY.text, of)
    for length, leads in ((200, True), (len(STORY.text), False)):
        lead = Lead(feed="https://other.example/", folders=(), length=length)
        known = Known(alike={new.id: (known_text(CUT, seen=NOW, lead=lead),)})
        (change,) = brought(STORY, feeds=(of,), known=known)
        assert (change.story.how, change.lead) == ("near", leads)


def test_ranks():
    sources = Sources(["https://www.one.example/rss", "two.example", "Wire"])
    assert sources.rank("http://one.example/rss", ()) == 0
    assert sources.rank("https://feeds.two.example/a", ("Wire",)) == 1
    assert sources.rank("https://nottwo.example/a", ("wire",)) == 2
    assert sources.rank("https://nottwo.example/a", ()) == 3
    assert replace(sources, preferred=()).rank("https://a.example", ()) == 0
