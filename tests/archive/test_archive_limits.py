"""What a topic holds back, and what it says of an edit: caps, muting, corrections, backlog."""

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, interests, item
from msgspec.structs import replace

from aggregator.model.feed import Subscription
from aggregator.model.settings import PublishSettings, Settings
from aggregator.model.topic import Collapse, Hit, Mute, Silence, Topic, TopicEdit
from aggregator.pipeline import prepare
from aggregator.query import parse

ALL = Topic(slug="all", title="All", query="*")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def announced(desk, slug="all"):
    return [one.title for one in desk.archive.published.subscription_page(slug, size=50).entries]


def held(desk, slug="all"):
    pages = range(1, desk.archive.published.archive_pages(slug) + 1)
    return {
        one.title for n in pages for one in desk.archive.published.archive_page(slug, n).entries
    }


def bring(desk, name, feed=ONE, at=NOON, **given):
    url = given.pop("url", f"https://{name}.example/")
    title = given.pop("title", name)
    desk.bring(feed, item(name, feed=feed, title=title, published=at, url=url, **given), at=at)


@pytest.mark.parametrize(
    ("caps", "expected"),
    [
        ({"cap_per_day": 2}, {"a", "b"}),
        ({"cap_per_source": 1}, {"a", "c"}),
        ({"cap_per_day": 3, "cap_per_source": 2}, {"a", "b", "c"}),
        ({}, {"a", "b", "c", "d"}),
    ],
)
def test_what_is_over_a_cap_is_held_and_not_announced(desk, caps, expected):
    desk.subscribe(ONE, TWO)
    desk.topics(replace(ALL, **caps))
    # Each in a write of its own: the counts are those of the archive.
    for name, feed in (("a", ONE), ("b", ONE), ("c", TWO), ("d", ONE)):
        bring(desk, name, feed)
    assert set(announced(desk)) == expected
    assert held(desk) == {"a", "b", "c", "d"}


def test_a_cap_counts_within_a_batch_and_begins_again_each_day(desk):
    desk.topics(replace(ALL, cap_per_day=1))
    desk.bring(ONE, *(item(name, title=name) for name in "ba"))
    bring(desk, "c", at=NOON + DAY)
    assert len(announced(desk)) == 2
    assert announced(desk)[0] == "c"


def test_corrections_take_no_room_and_do_not_lift_what_is_over_the_cap(desk):
    desk.topics(replace(ALL, cap_per_day=2))
    bring(desk, "a")
    desk.bring(ONE, item("a", title="a corrected", url="https://a.example/"), at=NOON + HOUR)
    bring(desk, "b", at=NOON + 2 * HOUR)
    bring(desk, "c", at=NOON + 2 * HOUR)
    desk.bring(ONE, item("c", title="c corrected", url="https://c.example/"), at=NOON + 3 * HOUR)
    assert announced(desk) == ["b", "a corrected"]
    assert "c corrected" in held(desk)


def test_without_collapse_each_entry_is_corrected_for_itself(desk):
    desk.subscribe(ONE, TWO)
    desk.topics(replace(ALL, query="torres", collapse=Collapse.NONE))
    bring(desk, "torres", text="Word for word they said it.")
    bring(desk, "torres too", TWO, text="Word for word they said it.")
    gone = item("torres", title="nothing left", text="Other words.", url="https://torres.example/")
    desk.bring(ONE, gone, at=NOON + HOUR)
    assert announced(desk) == ["nothing left", "torres too"]


def test_what_is_muted_is_taken_up_by_no_topic_and_what_was_published_stays(desk):
    desk.topics(ALL)
    bring(desk, "betting before")
    desk.topics(ALL, mute=Mute(queries=("betting",)))
    bring(desk, "betting after")
    bring(desk, "rain")
    assert announced(desk) == ["rain", "betting before"]
    corrected = item(
        "betting before", title="betting, corrected", url="https://betting before.example/"
    )
    desk.bring(ONE, corrected, at=NOON + HOUR)
    assert "betting, corrected" in announced(desk)


def test_an_edit_says_what_came_and_went_and_announces_nothing(desk):
    told: list[TopicEdit] = []

    def configure(topic: Topic, mute: Mute = Mute()) -> None:
        desk.matcher = prepare(
            desk.archive,
            Settings(),
            [Subscription(url=ONE)],
            interests(topic, mute=mute),
            tell=told.append,
        )

    for name in ("torres", "torres rain", "rain"):
        bring(desk, name)
    torres = replace(ALL, query="torres")
    configure(torres)
    configure(torres)
    configure(replace(torres, title="Another title", cap_per_day=1))
    configure(replace(torres, query="rain"))
    configure(replace(torres, query="rain"), Mute(queries=("torres",)))
    assert told == [
        TopicEdit(topic="all", new=True, came=2, went=0),
        TopicEdit(topic="all", new=False, came=1, went=1),
        TopicEdit(topic="all", new=False, came=0, went=2),
    ]
    assert set(announced(desk)) == {"torres", "torres rain"}
    assert held(desk) == {"torres", "torres rain", "rain"}
    (state,) = desk.archive.topics.states()
    assert (state.came, state.went, state.edited is None) == (0, 2, False)


def test_a_start_that_ends_between_is_made_good_at_the_next(desk):
    """Whole topics are filled then; other writers had their turn between."""
    for name in ("torres", "rain"):
        bring(desk, name)
    many = interests(*(replace(ALL, slug=f"t{number:03}") for number in range(205)))
    told: list[TopicEdit] = []

    def tell(edit: TopicEdit) -> None:
        told.append(edit)
        bring(desk, f"while {edit.topic} was told of")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(desk.archive, Settings(), [Subscription(url=ONE)], many, tell=tell)
    filled = [state.topic.slug for state in desk.archive.topics.states() if state.edited]
    assert 1 < len(filled) < 205
    assert {state.stories for state in desk.archive.topics.states() if state.edited} == {2}
    first, told[:] = told[0], []
    prepare(desk.archive, Settings(), [Subscription(url=ONE)], many, tell=told.append)
    assert [edit.topic for edit in told] == [f"t{number:03}" for number in range(len(filled), 205)]
    assert {(edit.new, edit.came) for edit in (*told, first)} == {(True, 2), (True, 3)}


@pytest.mark.parametrize("cap", ["cap_per_source", "cap_per_day"])
def test_a_new_topic_is_filled_within_its_caps_with_the_newest(desk, cap):
    for name in "abc":
        bring(desk, name)
    capped = interests(replace(ALL, **{cap: 2}))
    prepare(desk.archive, Settings(), [Subscription(url=ONE)], capped)
    assert announced(desk) == ["c", "b"]
    assert held(desk) == {"a", "b", "c"}
    assert silences(desk) == [Silence.CAPPED, None, None]


@pytest.mark.parametrize(
    ("caps", "size", "told"),
    [
        # A page takes so many: the others came too early, whatever the cap.
        ({}, 2, [Silence.FILLED, None, None]),
        ({"cap_per_source": 3}, 2, [Silence.FILLED, None, None]),
        ({"cap_per_source": 1}, 2, [Silence.CAPPED, Silence.CAPPED, None]),
    ],
)
def test_what_a_filling_leaves_out_for_a_cap_is_told_from_what_a_page_does_not_take(
    desk, caps, size, told
):
    for name in "abc":
        bring(desk, name)
    settings = Settings(publish=PublishSettings(page_size=size))
    prepare(desk.archive, settings, [Subscription(url=ONE)], interests(replace(ALL, **caps)))
    assert silences(desk) == told


def test_what_an_edit_brings_is_beyond_no_cap(desk):
    bring(desk, "a")
    one = replace(ALL, cap_per_source=1, query="a")
    prepare(desk.archive, Settings(), [Subscription(url=ONE)], interests(one))
    bring(desk, "b")
    prepare(desk.archive, Settings(), [Subscription(url=ONE)], interests(replace(one, query="*")))
    assert silences(desk) == [None, Silence.FILLED]


def silences(desk):
    """Of all entries, oldest first."""
    return [desk.archive.topics.standing("all", one).silence for one in desk.archive.export()]


def test_undated_backlog_stays_backlog_when_it_is_edited(desk):
    desk.topics(replace(ALL, query="torres"))
    names = [f"n{number:02}" for number in range(30)]
    items = [
        item(name, title=name, published=None, url=f"https://{name}.example/") for name in names
    ]
    desk.bring(ONE, *items)
    new, old = (
        replace(item(name, title=f"torres {name}", published=None, url=f"https://{name}.example/"))
        for name in ("n00", "n29")
    )
    desk.bring(ONE, new, *items[1:-1], old, at=NOON + HOUR)
    assert announced(desk) == ["torres n00"]
    assert held(desk) == {"torres n00", "torres n29"}


def test_topics_and_search_agree_on_feed_titles_and_times_from_the_first_poll(desk):
    named = replace(ALL, slug="named", query='feed:"a feed"')
    recent = replace(ALL, slug="recent", query="torres published:[2026-03-01 TO 2026-03-04]")
    desk.topics(named, recent, replace(ALL, slug="inside", include=("A feed",)))
    bring_undated = item("a", title="a", published=None, url="https://a.example/")
    desk.bring(ONE, bring_undated)
    desk.bring(
        ONE,
        replace(item("a", title="torres", published=None, url="https://a.example/")),
        at=NOON + DAY,
    )
    for slug, query in (("named", named.query), ("recent", recent.query)):
        found = desk.archive.search(parse(query), now=NOON + DAY)
        assert held(desk, slug) == {one.title for one in found} == {"torres"} or slug == "named"
    assert len(held(desk, "named")) == len(held(desk, "inside")) == 1


def test_how_a_topic_holds_a_story(desk):
    desk.topics(replace(ALL, cap_per_day=1))
    bring(desk, "a")
    bring(desk, "b")
    first, second = desk.archive.export()
    assert desk.archive.topics.standing("all", first).announced
    assert desk.archive.topics.standing("all", first).silence is None
    assert not desk.archive.topics.standing("all", second).announced
    assert desk.archive.topics.standing("nowhere", first) is None


def test_why_a_topic_holds_a_story_in_silence(desk):
    desk.topics(replace(ALL, cap_per_day=1))
    desk.bring(ONE, item("old", published=NOON - 90 * DAY, url="https://old.example/"))
    bring(desk, "a")
    bring(desk, "b")
    bring(desk, "outside")
    torres = replace(ALL, slug="torres", query="torres")
    desk.topics(replace(ALL, cap_per_day=1), torres)
    mended = item("old", title="torres", published=NOON - 90 * DAY, url="https://old.example/")
    desk.bring(ONE, mended, at=NOON + DAY)
    found = {one.url.partition("//")[2].partition(".")[0]: one for one in desk.archive.export()}
    desk.fill("torres", [hit_of(found["outside"])])
    why = {name: desk.archive.topics.standing("all", one).silence for name, one in found.items()}
    assert why == {
        "old": Silence.NO_NEWS, "a": None, "b": Silence.CAPPED, "outside": Silence.CAPPED,
    }  # fmt: skip
    assert desk.archive.topics.standing("torres", found["old"]).silence is Silence.CORRECTED
    assert desk.archive.topics.standing("torres", found["outside"]).silence is Silence.FILLED


def hit_of(record):
    return Hit(topic="torres", story=record.story, entry=record.id, revision=1, announced=False)
