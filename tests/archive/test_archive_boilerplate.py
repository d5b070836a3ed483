"""Entries cleaned again once a block is learned: what readers see changes, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, Desk, item
from msgspec.structs import replace

from aggregator.archive import open_archive
from aggregator.model.boilerplate import Ruling
from aggregator.model.errors import UsageError
from aggregator.model.settings import NormalizeSettings
from aggregator.model.topic import Topic
from aggregator.normalize.boilerplate import carried
from aggregator.normalize.cleaning import clean
from aggregator.query import parse
from aggregator.recleaning import boilerplate, reclean, rule_on

RULE = NormalizeSettings(boilerplate_entries=3, boilerplate_percent=50, boilerplate_window=6)
OWL = "Visit the owl at the harbour gate, where it lives in a box and takes letters"
ELSE = "And the gull on the pier, that takes all letters which the owl has not taken"


def entry(n: int, *more: str, feed: str = ONE, **given):
    """An entry that says two things of its own, with further paragraphs after them."""
    title = given.pop("title", f"Match {n}")
    says = "".join(f"<p>{one}</p>" for one in (f"Report {n} in full.", f"Goal {n}.", *more))
    cleaned = clean(title, "", says, base="")
    return item(
        f"{n}",
        title=title,
        html=cleaned.html,
        text=cleaned.text,
        url=f"{feed}/{n}",
        feed=feed,
        blocks=carried(cleaned, None),
        **given,
    )


def bring(desk: Desk, *numbers: int, more: tuple[str, ...] = (OWL,), feed: str = ONE) -> None:
    """One poll: these entries new, newest first; those of before have rolled off."""
    at = NOON + timedelta(hours=max(numbers))
    desk.bring(feed, *(entry(n, *more, feed=feed) for n in sorted(numbers, reverse=True)), at=at)


def texts(archive) -> dict[str, str]:
    return {record.title: record.text for record in archive.export()}


def with_owl(archive) -> list[int]:
    return sorted(int(title.split()[1]) for title, text in texts(archive).items() if OWL in text)


def found(archive, query: str) -> list[str]:
    return [record.title for record in archive.search(parse(query), now=NOON)]


def test_entries_stored_before_are_cleaned_again(desk, archive):
    bring(desk, 1, 2)
    assert reclean(archive, RULE) == 0
    assert with_owl(archive) == [1, 2]
    bring(desk, 3)
    assert reclean(archive, RULE) == 3
    assert with_owl(archive) == []
    assert texts(archive)["Match 1"] == "Report 1 in full.\n\nGoal 1."
    assert next(record.html for record in archive.export()) == (
        "<p>Report 1 in full.</p><p>Goal 1.</p>"
    )
    assert reclean(archive, RULE) == 0


def test_revisions_stay_as_they_came(desk, archive):
    bring(desk, 1, 2, 3)
    before = [archive.history(record.id) for record in archive.export()]
    reclean(archive, RULE)
    assert [archive.history(record.id) for record in archive.export()] == before
    assert [record.revisions for record in archive.export()] == [1, 1, 1]
    assert all(OWL in states[0].text for states in before)


def test_search_finds_what_is_shown(desk, archive):
    bring(desk, 1, 2, 3)
    assert found(archive, "owl") == ["Match 3", "Match 2", "Match 1"]
    reclean(archive, RULE)
    assert found(archive, "owl") == []
    assert found(archive, '"goal 2"') == ["Match 2"]
    desk.bring(ONE, entry(3, "The owl won."), at=NOON + timedelta(hours=9))
    assert found(archive, "owl") == ["Match 3"]


def test_the_index_made_anew_is_the_same(desk, archive, settings):
    bring(desk, 1, 2, 3)
    reclean(archive, RULE)
    with archive._database.writing() as connection:
        from aggregator.archive import search

        search.rebuild(connection)
    assert found(archive, "owl") == []
    assert found(archive, '"goal 2"') == ["Match 2"]


def test_topics_show_it_silently_and_closed_pages_never(desk, archive):
    desk.topics(Topic(slug="all", title="All", query="*"), page_size=2)
    bring(desk, 1, 2, 3)
    closed, version = archive.published.archive_page("all", 1), archive.topics.states()[0].version
    page = archive.published.subscription_page("all", size=9)
    reclean(archive, RULE)
    again = archive.published.subscription_page("all", size=9)
    assert [OWL in one.text for one in page.entries] == [True] * 3
    assert [OWL in one.text for one in again.entries] == [False] * 3
    assert [(one.id, one.updated) for one in again.entries] == [
        (one.id, one.updated) for one in page.entries
    ]
    assert again.updated == page.updated
    assert archive.published.archive_page("all", 1) == closed
    assert OWL in closed.entries[0].text
    (state,) = archive.topics.states()
    assert state.version > version
    assert state.announced == 3


def test_what_stopped_stays_out_where_it_stood_and_comes_back_as_text(desk, archive):
    bring(desk, *range(1, 7))
    reclean(archive, RULE)
    for n in range(7, 20):
        bring(desk, n, more=())
        reclean(archive, RULE)
    bring(desk, 20)
    reclean(archive, RULE)
    assert with_owl(archive) == [20]
    assert not [one for one in boilerplate(archive, desk.archive.feed(ONE)) if one.entries > 1]


def test_what_was_frequent_only_at_first_is_given_back(desk, archive):
    bring(desk, 1, 2, 3)
    reclean(archive, RULE)
    assert with_owl(archive) == []
    for n in range(4, 12):
        bring(desk, n, more=())
    assert reclean(archive, RULE) == 0, "three of six are half of them"
    assert reclean(archive, replace(RULE, boilerplate_entries=2)) == 0
    assert reclean(archive, replace(RULE, boilerplate_percent=60)) == 3
    assert with_owl(archive) == [1, 2, 3]
    assert found(archive, "owl") == ["Match 3", "Match 2", "Match 1"]


@pytest.mark.parametrize("cuts", [(12,), (1, 2, 3, 7, 12), (5, 6, 11, 12)])
def test_batches_make_no_difference(desk, archive, cuts):
    kinds = [(OWL,), (), (OWL, ELSE), (OWL, ELSE), (), (), (ELSE,), (), (ELSE,), (), (), ()]
    start = 0
    for upto in cuts:
        at = NOON + timedelta(hours=upto)
        new = [entry(n + 1, *kinds[n]) for n in range(upto - 1, start - 1, -1)]
        desk.bring(ONE, *new, at=at)
        reclean(archive, RULE)
        start = upto
    assert with_owl(archive) == []
    # In three of the fourth to the ninth it stood; the third came too early to be among them.
    assert [title for title, text in texts(archive).items() if ELSE in text] == ["Match 3"]


@pytest.mark.parametrize(
    ("cuts", "left"),
    [((29,), [26, 27, 28, 29]), ((25, 27, 29), [26, 27, 28, 29]), ((33,), []), ((27, 31, 33), [])],
)
def test_of_many_entries_every_fifth_makes_it_learn(desk, archive, cuts, left):
    start = 0
    for upto in cuts:
        new = [entry(n, *([OWL] if n > 25 else [])) for n in range(upto, start, -1)]
        desk.bring(ONE, *new, at=NOON + timedelta(hours=upto))
        reclean(archive, RULE)
        start = upto
    assert with_owl(archive) == left


SHORT = "The game was put off."


@pytest.mark.parametrize("later", [((SHORT,), ()), ((), ())], ids=["rarer", "no more"])
def test_a_line_that_all_said_at_first_and_few_do_later_comes_back(desk, archive, later):
    bring(desk, 1, 2, 3, more=(SHORT,))
    assert reclean(archive, RULE) == 3
    assert found(archive, '"put off"') == []
    for n in range(4, 7):
        bring(desk, n, more=later[(n + 1) % 2])
    reclean(archive, RULE)
    held = {title for title, text in texts(archive).items() if SHORT in text}
    assert {"Match 1", "Match 2", "Match 3"} <= held
    assert set(found(archive, '"put off"')) == held


def test_what_was_learned_by_other_rules_comes_back(desk, archive, monkeypatch):
    off = Topic(slug="off", title="Off", query='"put off"')
    desk.topics(off)
    bring(desk, 1, 2, 3, more=(SHORT,))
    bring(desk, 4, 5, more=())
    with monkeypatch.context() as before:
        before.setattr("aggregator.recleaning._RULE", 1)
        before.setattr("aggregator.normalize.learning.templates_among", lambda said, run: said)
        assert reclean(archive, RULE) == 3
    assert found(archive, '"put off"') == []
    assert desk.topics(off).edited == ()
    assert reclean(archive, RULE) == 3
    assert found(archive, '"put off"') == ["Match 3", "Match 2", "Match 1"]
    assert desk.topics(off).edited == ("off",), "it is filled with them"
    assert desk.topics(off).edited == ()
    assert archive.feed(ONE).learned == ()
    assert reclean(archive, RULE) == 0


def test_a_verdict_that_was_taken_out_by_rules_of_before_comes_back(desk, archive, monkeypatch):
    verdicts = (
        "The box of the owl was found clean and safe.",
        "Letters were lost, and the box of the owl is shut.",
    )
    for n in range(1, 7):
        bring(desk, n, more=(verdicts[n % 2],))
    with monkeypatch.context() as before:
        before.setattr("aggregator.recleaning._RULE", 2)
        before.setattr("aggregator.normalize.learning.slots_among", lambda *_: frozenset())
        assert reclean(archive, RULE) == 6
    assert found(archive, '"clean and safe"') == []
    assert reclean(archive, RULE) == 6
    assert found(archive, '"clean and safe"') == ["Match 6", "Match 4", "Match 2"]
    assert all(text.endswith(verdicts) for text in texts(archive).values())


def test_a_site_teaches_its_feeds(desk, archive):
    other = "https://one.example/other"
    desk.subscribe(ONE, other, TWO)
    bring(desk, 1, 2)
    bring(desk, 11, feed=other)
    bring(desk, 21, feed=TWO)
    assert reclean(archive, RULE) == 3
    assert with_owl(archive) == [21]
    assert [one.hash for one in archive.feed(other).learned] == [
        one.hash for one in archive.feed(ONE).learned
    ]
    assert [one.text for one in archive.feed(ONE).learned] == [OWL]
    assert archive.feed(TWO).learned == ()
    (block,) = [one for one in boilerplate(archive, archive.feed(other)) if one.text == OWL]
    assert (block.state, block.group) == ("learned", "one.example")


def test_copies_of_one_story_are_one_entry(desk, archive):
    report = ["The same report word for word", "with more than a line", "and a third"]
    for n in range(1, 5):
        desk.bring(ONE, entry(n, *report, title="One report", text_hash=b"same"), at=NOON)
    reclean(archive, RULE)
    assert all(text.endswith("and a third") for text in texts(archive).values())


def named(archive, text: str):
    return next(one for one in boilerplate(archive, archive.feed(ONE)) if one.text == text)


def test_a_person_frees_and_pins(desk, archive):
    bring(desk, 1, 2, more=("Rain stopped play",))
    bring(desk, 3, 4, 5)
    reclean(archive, RULE)
    feed, rain = archive.feed(ONE), "Rain stopped play"
    assert (named(archive, OWL).state, named(archive, OWL).entries) == ("learned", 3)
    assert (named(archive, rain).state, named(archive, rain).of) == ("candidate", 5)
    assert rule_on(archive, feed, named(archive, OWL).id[:6], Ruling.FREED) == 3
    assert with_owl(archive) == [3, 4, 5]
    assert rule_on(archive, feed, named(archive, rain).id, Ruling.PINNED) == 2
    assert rain not in " ".join(texts(archive).values())
    assert found(archive, "rain") == []
    assert [one.text for one in archive.feed(ONE).learned] == [rain]
    bring(desk, 6)
    reclean(archive, RULE)
    assert with_owl(archive) == [3, 4, 5, 6]
    assert {one.text: one.state for one in boilerplate(archive, feed)} == {
        OWL: "freed",
        rain: "pinned",
    }
    assert rule_on(archive, feed, named(archive, OWL).id, None) == 4
    assert with_owl(archive) == []


@pytest.mark.parametrize("name", ["ffffffffffffffff", "zz", ""])
def test_a_block_that_is_not_there(desk, archive, name):
    bring(desk, 1, 2, 3, more=(OWL, ELSE))
    reclean(archive, RULE)
    with pytest.raises(UsageError):
        rule_on(archive, archive.feed(ONE), name, Ruling.PINNED)


def test_a_revision_is_shown_as_it_is_now(desk, archive):
    bring(desk, 1, 2, 3)
    reclean(archive, RULE)
    later = NOON + timedelta(hours=5)
    desk.bring(ONE, entry(3, "The owl won."), entry(2, OWL), at=later)
    assert texts(archive)["Match 3"].endswith("The owl won.")
    assert [record.revisions for record in archive.export()] == [1, 1, 2]
    assert reclean(archive, RULE) == 0


def test_a_backup_brings_it_all_back(desk, archive, settings, tmp_path):
    from aggregator.archive import restore

    bring(desk, 1, 2, 3)
    reclean(archive, RULE)
    rule_on(archive, archive.feed(ONE), named(archive, OWL).id, Ruling.PINNED)
    archive.backup(tmp_path / "backup.tar")
    other = type(settings)(directory=tmp_path / "other", free_space=0)
    restore(tmp_path / "backup.tar", other)
    with open_archive(other) as restored:
        assert with_owl(restored) == []
        assert found(restored, "owl") == []
        assert [one.state for one in boilerplate(restored, restored.feed(ONE))] == ["pinned"]
