"""Topics: places, pages that never change once closed, corrections, and what is behind."""

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, interests, item
from msgspec.structs import replace

from aggregator.model.entry import Shown
from aggregator.model.errors import UsageError
from aggregator.model.feed import Subscription
from aggregator.model.topic import Backlog, Collapse, Hit, Topic, TopicEdit
from aggregator.topics import Matcher

ALL = Topic(slug="all", title="All", query="*")
SIZE = 3


def titles(page):
    return [entry.title for entry in page.entries]


def bring(desk, *names, hours=0, **given):
    at = NOON + timedelta(hours=hours)
    for name in names:
        desk.bring(ONE, item(name, title=name, **given), at=at)


@pytest.fixture
def filled(desk):
    """A topic with pages of three places, and a way to bring it entries."""
    desk.topics(ALL, page_size=SIZE)
    return desk


def test_places_fill_pages_and_the_newest_stays_open(filled):
    archive = filled.archive
    for count, pages in ((0, 0), (1, 1), (2, 1), (3, 2), (7, 3)):
        bring(filled, *[f"n{number}" for number in range(archive.stats().entries, count)])
        assert archive.published.archive_pages("all") == pages
    first, second, third = (archive.published.archive_page("all", number) for number in (1, 2, 3))
    assert [titles(page) for page in (first, second, third)] == [
        ["n2", "n1", "n0"], ["n5", "n4", "n3"], ["n6"],
    ]  # fmt: skip
    assert [(page.previous, page.next) for page in (first, second, third)] == [
        (None, 2), (1, 3), (2, None),
    ]  # fmt: skip
    subscription = archive.published.subscription_page("all", size=SIZE)
    assert titles(subscription) == ["n6", "n5", "n4"]
    assert (subscription.number, subscription.previous, subscription.total) == (None, 3, 7)


def test_the_write_that_fills_a_page_closes_it_and_opens_the_next(filled):
    bring(filled, "n0", "n1")
    archive = filled.archive
    assert (
        archive.published.archive_page("all", 1).next,
        archive.published.archive_page("all", 1).grown,
    ) == (None, 2)
    assert (archive.published.subscription_page("all", size=SIZE).grown) == 2
    bring(filled, "n2")
    full, empty = archive.published.archive_page("all", 1), archive.published.archive_page("all", 2)
    assert (full.next, full.grown, len(full.entries)) == (2, 0, SIZE)
    assert (empty.previous, empty.grown, empty.entries) == (1, 0, ())
    assert empty.updated == full.updated
    # Nothing is on the next one yet: subscribers are led to the one that is full.
    subscription = archive.published.subscription_page("all", size=SIZE)
    assert (subscription.previous, subscription.grown) == (1, 0)


@pytest.mark.parametrize("number", [0, -1, 2, 99])
def test_pages_that_are_not_there(filled, number):
    bring(filled, "n0")
    with pytest.raises(UsageError, match="has no page"):
        filled.archive.published.archive_page("all", number)


def test_a_topic_that_is_not_there(filled):
    for ask in (filled.archive.published.archive_pages, filled.archive.published.first_unpublished):
        with pytest.raises(UsageError, match="no topic other"):
            ask("other")


def test_a_closed_page_never_changes(filled):
    bring(filled, "n0", "n1", "n2", "n3")
    closed = filled.archive.published.archive_page("all", 1)
    # A correction, another title of the feed, other page sizes: none of it reaches the page.
    filled.bring(ONE, item("n1", title="corrected"), at=NOON + timedelta(hours=1))
    filled.archive.attach([Subscription(url=ONE, title="Another")], now=NOON)
    edited = replace(ALL, title="New title", query="n1 OR n9", description="d", languages=("en",))
    filled.topics(edited, page_size=10)
    assert filled.archive.published.archive_page("all", 1) == closed
    bring(filled, "n5", "n6")
    assert filled.archive.published.archive_pages("all") == 2


def test_a_correction_enters_again_with_the_same_id_and_a_new_time(filled):
    bring(filled, "n0", "n1", "n2", "n3")
    before = {one.title: one for one in filled.archive.published.archive_page("all", 1).entries}[
        "n1"
    ]
    later = NOON + timedelta(hours=1)
    filled.bring(ONE, item("n1", title="n1 corrected"), at=later)
    page = filled.archive.published.subscription_page("all", size=SIZE)
    assert titles(page) == ["n1 corrected", "n3", "n2"]
    assert page.entries[0].id == before.id
    assert page.entries[0].updated == later > before.updated
    assert page.entries[0].corrected
    assert not before.corrected
    assert page.total == 4
    assert page.updated == later


def test_a_story_stands_once_on_a_page(filled):
    bring(filled, "n0")
    filled.bring(ONE, item("n0", title="n0 again"), at=NOON + timedelta(hours=1))
    assert titles(filled.archive.published.subscription_page("all", size=SIZE)) == ["n0 again"]
    assert titles(filled.archive.published.archive_page("all", 1)) == ["n0 again"]
    (state,) = filled.archive.topics.newest(9)
    assert (state.stories, state.announced) == (1, 1)
    assert filled.archive.topics.newest_titles("all") == ("n0 again",)


@pytest.mark.parametrize("collapse", Collapse)
def test_the_newest_is_when_a_story_came_not_when_one_was_corrected_or_filled_in(desk, collapse):
    def newest():
        return {one.topic.slug: one.newest for one in desk.archive.topics.states()}

    every = replace(ALL, collapse=collapse)
    desk.topics(every)
    assert newest() == {"all": None}
    bring(desk, "n0")
    desk.bring(ONE, item("n1"), at=NOON + timedelta(hours=1))
    desk.bring(ONE, item("n0", title="n0 corrected"), at=NOON + timedelta(hours=2))
    assert newest() == {"all": NOON + timedelta(hours=1)}
    filled = replace(every, slug="filled")
    desk.archive.topics.sync([(every, "d"), (filled, "d")], page_size=SIZE)
    hits = [
        Hit(topic="filled", story=one.story, entry=one.id, revision=1, announced=True)
        for one in desk.archive.export()
    ]
    desk.fill("filled", hits[:1], "d")
    assert newest()["filled"] == NOON
    desk.fill("filled", hits, "e")
    assert newest()["filled"] == newest()["all"]


def test_silent_hits_reach_archive_pages_only(filled):
    bring(filled, "old", published=NOON - timedelta(days=90))
    bring(filled, "new")
    assert titles(filled.archive.published.subscription_page("all", size=SIZE)) == ["new"]
    assert titles(filled.archive.published.archive_page("all", 1)) == ["new", "old"]
    (state,) = filled.archive.topics.states()
    assert (state.stories, state.announced) == (2, 1)


def test_one_page_is_one_page_whatever_the_time(filled):
    bring(filled, "n0", "n1")
    page = filled.archive.published.subscription_page("all", size=SIZE)
    assert filled.archive.published.subscription_page("all", size=SIZE) == page
    first = page.entries[-1]
    assert first.published == first.updated == NOON
    assert page.updated == NOON


def test_an_entry_without_a_date_counts_from_when_it_was_first_seen(filled):
    bring(filled, "n0", published=None, hours=5)
    (entry,) = filled.archive.published.subscription_page("all", size=SIZE).entries
    assert entry.published == entry.updated == NOON + timedelta(hours=5)


def test_a_date_in_the_future_does_not_make_it_newer(filled):
    bring(filled, "n0", published=NOON + timedelta(days=2))
    (entry,) = filled.archive.published.subscription_page("all", size=SIZE).entries
    assert entry.updated == NOON


def test_a_page_entry_credits_its_origin_and_the_other_sources(filled):
    filled.subscribe(ONE, TWO)
    bring(filled, "n0", text="same words")
    copy = item("z", feed=TWO, title="n0", text="same words", url="https://two.example/z")
    filled.bring(TWO, copy)
    (entry,) = filled.archive.published.subscription_page("all", size=SIZE).entries
    assert (entry.origin_id, entry.origin_title, entry.origin_feed) == ("n0", "A feed", ONE)
    assert [(one.title, one.url) for one in entry.also_in] == [("A feed", "https://two.example/z")]
    assert entry.id == filled.archive.entry(copy.id).story


def test_a_feed_is_not_named_as_another_source_of_its_own_story(filled):
    filled.bring(
        ONE, item("n0", text="same words"), item("n0 again", title="Title of n0", text="same words")
    )
    (entry,) = filled.archive.published.subscription_page("all", size=SIZE).entries
    assert entry.also_in == ()


def test_what_has_no_title_is_listed_by_how_it_begins(filled):
    filled.bring(ONE, item("n0", title="", text=f"Some words {'of many ' * 40}"))
    (title,) = filled.archive.topics.newest_titles("all")
    assert title.startswith("Some words of many of many")
    assert len(title) == 200
    # Without what was learned to be boilerplate.
    rained = Shown(removed=(), html="<p>It rained.</p>", text="It rained.", summary="", image=None)
    filled.bring(ONE, replace(item("n1", title="", text="Follow us. It rained."), shown=rained))
    assert filled.archive.topics.newest_titles("all")[0] == "It rained."


def test_without_collapse_every_entry_stands_for_itself(desk):
    desk.subscribe(ONE, TWO)
    desk.topics(replace(ALL, collapse=Collapse.NONE), page_size=SIZE)
    bring_twice(desk)
    page = desk.archive.published.subscription_page("all", size=SIZE)
    assert [one.id for one in page.entries] == [copy_of("n0").id, item("n0").id]
    assert len(desk.archive.published.archive_page("all", 1).entries) == 2


def copy_of(name):
    url = f"https://two.example/{name}"
    return item(name, feed=TWO, title=name, text=f"Some words about {name}.", url=url)


def bring_twice(desk):
    """One story in two feeds."""
    bring(desk, "n0")
    desk.bring(TWO, copy_of("n0"))


def counted(desk):
    (state,) = desk.archive.topics.states()
    total = desk.archive.published.subscription_page("all", size=SIZE).total
    assert total == state.stories
    return state.stories, state.announced


@pytest.mark.parametrize(("collapse", "count"), [(Collapse.STORY, 1), (Collapse.NONE, 2)])
def test_what_a_topic_shows_is_what_it_counts(desk, collapse, count):
    desk.subscribe(ONE, TWO)
    desk.topics(replace(ALL, collapse=collapse), page_size=SIZE)
    bring_twice(desk)
    assert counted(desk) == (count, count)
    bring(desk, "n0", hours=1, authors=("A. Writer",))
    assert counted(desk) == (count, count)


@pytest.mark.parametrize(("before", "count"), [(Collapse.STORY, 2), (Collapse.NONE, 1)])
def test_a_topic_counts_anew_when_it_shows_something_else(desk, before, count):
    after = next(one for one in Collapse if one is not before)
    desk.subscribe(ONE, TWO)
    desk.topics(replace(ALL, collapse=before), page_size=SIZE)
    bring_twice(desk)
    topic = replace(ALL, collapse=after)
    definition = Matcher(interests(topic)).definition("all")
    desk.archive.topics.sync([(topic, definition)], page_size=SIZE)
    found = tuple(desk.archive.export())
    hits = [
        Hit(topic="all", story=one.story, entry=one.id, revision=1, announced=False)
        for one in found
    ]
    desk.fill("all", hits, definition)
    assert counted(desk)[0] == count


def test_what_vanished_stays_and_is_marked(filled):
    for hours, names in enumerate((("c", "b", "a"), ("c", "a"), ("c", "a"))):
        filled.bring(ONE, *map(item, names), at=NOON + timedelta(hours=hours))
    page = filled.archive.published.subscription_page("all", size=SIZE)
    shown = {one.title[-1]: (one.vanished, one.vanished_at) for one in page.entries}
    at = NOON + timedelta(hours=2)
    assert shown == {"a": (False, None), "b": (True, at), "c": (False, None)}


def behind(archive):
    return [state.topic.slug for state in archive.published.behind()]


def test_what_is_behind_and_which_pages_to_write(filled):
    archive = filled.archive

    def publish():
        for state in archive.topics.states():
            archive.published.mark(state.topic.slug, state.version)

    assert behind(archive) == ["all"]
    publish()
    assert behind(archive) == []
    bring(filled, "n0", "n1")
    assert (behind(archive), archive.published.first_unpublished("all")) == (["all"], 1)
    publish()
    assert archive.published.first_unpublished("all") == 1
    bring(filled, "n2", "n3")
    assert archive.published.first_unpublished("all") == 1
    publish()
    assert archive.published.first_unpublished("all") == 2
    bring(filled, "n4")
    assert (behind(archive), archive.published.first_unpublished("all")) == (["all"], 2)


def test_a_hit_that_comes_while_publishing_leaves_the_topic_behind(filled):
    bring(filled, "n0")
    (state,) = filled.archive.topics.states()
    bring(filled, "n1")
    filled.archive.published.mark("all", state.version)
    assert behind(filled.archive) == ["all"]


def test_a_write_without_news_leaves_nothing_behind(filled):
    bring(filled, "n0")
    (state,) = filled.archive.topics.states()
    filled.archive.published.mark("all", state.version)
    filled.bring(ONE, item("n0", title="n0"), at=NOON + timedelta(hours=1))
    assert behind(filled.archive) == []


def test_topics_follow_the_configuration(desk):
    synced = desk.archive.topics.sync([(ALL, "d")], page_size=SIZE)
    assert (synced.new, synced.edited, synced.deleted) == (("all",), (), ())
    # Until it is filled it is new, whatever happens between.
    assert desk.archive.topics.sync([(ALL, "d")], page_size=SIZE).new == ("all",)
    desk.fill("all", [], "d")
    assert desk.archive.topics.sync([(ALL, "d")], page_size=SIZE).new == ()
    assert desk.archive.topics.sync([(ALL, "e")], page_size=SIZE).edited == ("all",)
    desk.fill("all", [], "e")
    titled = replace(ALL, title="Other")
    assert desk.archive.topics.sync([(titled, "e")], page_size=SIZE).edited == ()
    assert desk.archive.topics.states()[0].topic == titled
    desk.archive.published.mark("all", desk.archive.topics.states()[0].version)
    assert desk.archive.topics.sync([], page_size=SIZE).deleted == ("all",)
    assert desk.archive.topics.sync([], page_size=SIZE).deleted == ()
    assert [state.topic for state in desk.archive.published.deleted_topics()] == [titled]
    assert desk.archive.topics.states() == ()


def test_a_topic_that_comes_back_is_filled_again(filled):
    bring(filled, "n0")
    filled.archive.topics.sync([], page_size=SIZE)
    filled.matcher = Matcher(interests())
    bring(filled, "n1")
    defined = Matcher(interests(ALL)).definition("all")
    synced = filled.archive.topics.sync([(ALL, defined)], page_size=SIZE)
    assert synced.edited == ("all",)
    (missed,) = [one for one in filled.archive.export() if one.title == "n1"]
    hit = Hit(topic="all", story=missed.story, entry=missed.id, revision=1, announced=False)
    assert filled.fill("all", [hit], defined).came == 1
    assert titles(filled.archive.published.archive_page("all", 1)) == ["n1", "n0"]


@pytest.mark.parametrize("collapse", Collapse)
def test_a_topic_that_comes_back_shows_what_was_corrected_meanwhile(desk, collapse):
    topic = replace(ALL, collapse=collapse)
    matcher = Matcher(interests(topic))
    defined = matcher.definition("all")
    desk.topics(topic, page_size=SIZE)
    bring(desk, "n0", "n1")
    desk.archive.topics.sync([], page_size=SIZE)
    desk.matcher = Matcher(interests())
    desk.bring(ONE, item("n0", title="n0 corrected"), at=NOON + timedelta(hours=1))
    desk.archive.topics.sync([(topic, defined)], page_size=SIZE)
    assert desk.fill("all", [], defined) == TopicEdit(
        topic="all", new=False, came=0, went=2, back=True
    )
    page = desk.archive.published.subscription_page("all", size=SIZE)
    assert titles(page) == ["n0 corrected", "n1"]
    assert [one.corrected for one in page.entries] == [True, False]
    # Once: the next edit finds nothing that it lacks.
    desk.fill("all", [], "another")
    assert desk.archive.topics.state("all").stories == 2
    assert titles(desk.archive.published.subscription_page("all", size=SIZE)) == titles(page)
    assert titles(desk.archive.published.archive_page("all", 1)) == ["n0 corrected", "n1"]


def test_filling_leaves_out_what_is_held(desk):
    bring(desk, "n0", "n1")
    desk.archive.topics.sync([(ALL, "d")], page_size=SIZE)
    hits = [
        Hit(topic="all", story=one.story, entry=one.id, revision=1, announced=True, reason="why")
        for one in desk.archive.export()
    ]
    first, then, again = (desk.fill("all", some, "d") for some in (hits[:1], hits, hits[1:]))
    assert first == TopicEdit(topic="all", new=True, came=1, went=0)
    assert then == TopicEdit(topic="all", new=False, came=1, went=0)
    assert again == TopicEdit(topic="all", new=False, came=0, went=1), "what went stays"
    page = desk.archive.published.subscription_page("all", size=SIZE)
    assert [(one.title, one.reason) for one in page.entries] == [("n1", "why"), ("n0", "why")]


def test_filling_many_closes_pages_in_one_write(desk):
    bring(desk, *[f"n{number}" for number in range(8)])
    desk.archive.topics.sync([(ALL, "d")], page_size=SIZE)
    hits = [
        Hit(topic="all", story=one.story, entry=one.id, revision=1, announced=False)
        for one in desk.archive.export()
    ]
    desk.fill("all", hits, "d")
    assert desk.archive.published.archive_pages("all") == 3
    assert titles(desk.archive.published.archive_page("all", 2)) == ["n5", "n4", "n3"]
    assert desk.archive.published.subscription_page("all", size=SIZE).entries == ()


def backlogs_of(desk, definition):
    """What each of three topics finds: one that is new, one that was edited, one of entries alone."""
    every = list(desk.archive.export())
    found = {"new": every, "edited": every[1:], "alone": every[:2]}
    return [
        Backlog(
            topic=slug,
            hits=tuple(
                Hit(topic=slug, story=one.story, entry=one.id, revision=1, announced=at % 2 == 0)
                for at, one in enumerate(records)
            ),
            definition=definition,
        )
        for slug, records in found.items()
    ]


def test_topics_filled_in_one_write_are_each_as_if_it_were_filled_alone(desk):
    kinds = {"new": Collapse.STORY, "edited": Collapse.STORY, "alone": Collapse.NONE}
    apart = {f"{slug}-apart": collapse for slug, collapse in kinds.items()}
    topics = [
        replace(ALL, slug=slug, query="nothing", collapse=collapse)
        for slug, collapse in (kinds | apart).items()
    ]
    desk.subscribe(TWO)
    bring(desk, *[f"n{number}" for number in range(7)])
    # A copy: the same story from another feed.
    desk.bring(TWO, item("copy", feed=TWO, title="n0", text="Some words about n0."))
    wanted = [(one, "d") for one in topics]
    desk.archive.topics.sync([one for one in wanted if "new" not in one[0].slug], page_size=SIZE)
    for slug in ("edited", "alone", "edited-apart", "alone-apart"):
        desk.fill(slug, backlogs_of(desk, "d")[0].hits[:0], "d")
    desk.archive.topics.sync(wanted, page_size=SIZE)
    together = backlogs_of(desk, "e")
    foretold = desk.archive.topics.compare_fill(together)
    edits = desk.archive.topics.fill(together)
    assert [(one.topic, len(one.came), len(one.went)) for one in foretold] == [
        (edit.topic, edit.came, edit.went) for edit in edits
    ]
    for edit, one in zip(edits, together, strict=True):
        slug = f"{one.topic}-apart"
        alone = desk.fill(slug, [replace(hit, topic=slug) for hit in one.hits], "e")
        assert alone == replace(edit, topic=slug)
        pages = range(1, desk.archive.published.archive_pages(slug) + 1)
        for number in pages:
            of = [desk.archive.published.archive_page(name, number) for name in (one.topic, slug)]
            assert of[0].entries == of[1].entries
        states = [desk.archive.topics.state(name) for name in (one.topic, slug)]
        assert len({(one.stories, one.announced, one.version, one.came) for one in states}) == 1
    assert [(edit.new, edit.came) for edit in edits] == [(True, 7), (False, 7), (False, 2)]


@pytest.mark.parametrize("collapse", list(Collapse))
def test_what_an_edit_would_change_is_named_newest_first(desk, collapse):
    desk.topics(replace(ALL, collapse=collapse))
    bring(desk, "n0", "n1", "n2", "n3")
    held = list(desk.archive.export())

    def of(*numbers):
        return tuple(held[number].id for number in numbers)

    def would(*numbers):
        hits = [
            Hit(topic="all", story=held[n].story, entry=held[n].id, revision=1, announced=False)
            for n in numbers
        ]
        backlog = Backlog(topic="all", hits=tuple(hits), definition="e")
        (difference,) = desk.archive.topics.compare_fill([backlog])
        return difference.came, difference.went

    assert would(0, 1, 2, 3) == ((), ())
    assert would(1) == ((), of(3, 2, 0))
    assert would() == ((), of(3, 2, 1, 0))


def test_what_would_come_by_an_edit_is_named_newest_first(desk):
    desk.topics(replace(ALL, query="nothing"))
    bring(desk, "n0", "n1")
    records = list(desk.archive.export())
    hits = [
        Hit(topic="all", story=one.story, entry=one.id, revision=1, announced=False)
        for one in records
    ]
    backlog = Backlog(topic="all", hits=tuple(hits), definition="e")
    (difference,) = desk.archive.topics.compare_fill([backlog])
    assert (difference.came, difference.went) == ((records[1].id, records[0].id), ())


def test_topics_filled_in_one_write_are_filled_whole_or_not_at_all(desk):
    bring(desk, "n0", "n1")
    desk.archive.topics.sync([(replace(ALL, slug="new"), "d")], page_size=SIZE)
    with pytest.raises(UsageError, match="no topic edited"):
        desk.archive.topics.fill(backlogs_of(desk, "d")[:2])
    assert desk.archive.published.archive_pages("new") == 0
    again = desk.archive.topics.sync([(replace(ALL, slug="new"), "d")], page_size=SIZE)
    assert again.new == ("new",)
