"""``topics``: what is published, and what a query would give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.checking import check, explain, tell_edit, topic_of, warn_of_samples
from aggregator.cli.foretelling import tell_what_is_due, waiting_edits
from aggregator.cli.options import DryRun, Json, Limit, TopicKey, complete_topic
from aggregator.cli.output import (
    Column,
    heading,
    local,
    note,
    one_line,
    plural,
    print_fields,
    print_json,
    print_table,
    say,
)
from aggregator.cli.previewing import caught, meant_topic, muted_newest
from aggregator.cli.served import elsewhere_words, served_elsewhere, site_told
from aggregator.cli.session import Session, session_of
from aggregator.cli.titles import short, title_of
from aggregator.cli.weeks import barred, chart

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.topic import PageEntry, Topic, TopicState

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command()(check)
app.command()(explain)

# They publish on their own, and have the right to write the archive as long as they run.
_PUBLISHING = ("aggregator run", "aggregator collect")
_WEEKS_DRAWN = 52


@app.callback()
def _group() -> None:
    """See what is published, try a query, publish."""


@app.command("list")
def list_topics(context: typer.Context, as_json: Json = False) -> None:
    """List the topics with what they hold.

    Of an edited one +2 -1 says that two came from the archive at its last edit, and that one
    which it holds matched no more, and stayed. An edit that was not taken up is told: the
    counts are of the topic as it was, and it is published so.
    """
    session = session_of(context)
    configuration = session.configuration()
    states, waiting = _states(session, configuration)
    rows = [(topic, states.get(topic.slug)) for topic in configuration.topics]
    if as_json:
        print_json([_topic_json(topic, state, waiting) for topic, state in rows])
        return
    columns = (
        Column("topic"),
        Column("stories", right=True),
        Column("newest"),
        Column("title", cut=True),
        Column("query", cut=True),
        Column("edited"),
        Column("private"),
    )
    cells = [
        (
            topic.slug,
            _held(topic, state),
            local(state.newest) if state else "",
            topic.title,
            topic.query,
            waiting.get(topic.slug)
            or (f"+{state.came} -{state.went}" if state and state.came + state.went else ""),
            "private" if topic.private else "",
        )
        for topic, state in rows
    ]
    print_table(columns, cells, empty="no topics yet: they are the tables of topics.toml")


@app.command()
def show(context: typer.Context, topic: TopicKey, limit: Limit = 10, as_json: Json = False) -> None:
    """Show one topic: query, addresses, newest stories."""
    session = session_of(context)
    configuration = session.configuration()
    wanted = topic_of(configuration, topic)
    archive = session.reading_if_any()
    state: TopicState | None = None
    shown: tuple[PageEntry, ...] = ()
    waiting: dict[str, str] = {}
    served: str | None = None
    if archive is not None:
        with archive:
            state = archive.topics.state(wanted.slug)
            waiting = waiting_edits(archive, configuration)
            served = served_elsewhere(archive, configuration.settings)
            if state:
                size = configuration.settings.publish.page_size
                shown = archive.published.subscription_page(wanted.slug, size=size).entries[:limit]
    addresses = _addresses(configuration, wanted, state)
    if as_json:
        newest = [{"id": e.id, "title": e.title, "url": e.url, "reason": e.reason} for e in shown]
        told = _topic_json(wanted, state, waiting)
        print_json({**told, "addresses": addresses, "served_under": served, "entries": newest})
        return
    heading(one_line(wanted.title))
    facts = [
        ("topic", wanted.slug),
        ("query", wanted.query),
        ("about", wanted.description),
        ("private", "yes: it is read by who knows its address" if wanted.private else ""),
        (_shown_in(wanted)[1], _counted(state)),
        ("edit", waiting.get(wanted.slug, "") if state else ""),
        ("newest", local(state.newest) if state else ""),
        *(("address", address) for address in addresses),
    ]
    print_fields([(name, value) for name, value in facts if value])
    if served and addresses:
        note(elsewhere_words(served))
    if shown:
        say()
        columns = (
            Column("title", wide=True),
            Column("from", cut=True),
            Column("because", wide=True),
        )
        print_table(columns, [(title_of(e), e.origin_title, e.reason) for e in shown])


@app.command()
def preview(
    context: typer.Context,
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="TOPIC|QUERY...",
            help="A topic's key, or a query.",
            autocompletion=complete_topic,
        ),
    ],
    limit: Limit = 20,
    weekly: Annotated[
        bool, typer.Option("--weeks", help="Print how many stories each week had, instead of them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what a topic or query would catch; writes nothing."""
    from aggregator.model.topic import Topic

    session = session_of(context)
    text = " ".join(query)
    configuration = session.configuration()
    known = {topic.slug: topic for topic in configuration.topics}
    topic = known.get(text) or Topic(slug="preview", title=text, query=text)
    with session.reading() as archive:
        found, total, weeks = caught(archive, configuration, topic, limit)
        if not total:
            _tell_why_nothing(archive, configuration, topic)
        muted = None if total or as_json else muted_newest(archive, configuration, topic)
    if topic.slug not in known and (near := meant_topic(text, known, found=total > 0)):
        note(f"no topic is called {one_line(text)}, so it is taken for a query: or {near}?")
    if weekly and as_json:
        print_json([{"week": week.isoformat(), "count": count} for week, count in weeks])
        return
    if as_json:
        print_json([{**record.as_json(), "reason": reason} for record, reason in found])
        return
    one, many = _shown_in(topic)
    if weekly:
        cells = [(week.isoformat(), str(count), bar) for (week, count), bar in barred(weeks)]
        by_week = (Column("week"), Column(many, right=True), Column(""))
        print_table(by_week, cells, empty="nothing matches")
        return
    columns = (
        Column("seen"),
        Column("id"),
        Column("title", wide=True),
        Column("feed", cut=True),
        Column("because", wide=True),
    )
    rows = [
        (local(record.first_seen), short(record.id), title_of(record), record.feed_title, reason)
        for record, reason in found
    ]
    print_table(columns, rows)
    note(f"{plural(total, one, many)} in all")
    if muted:
        note(f"what matches is muted ([mute] in topics.toml): {one_line(muted)}")
    if weeks:
        # A single old story would make a line of years; --weeks has them all.
        lately = weeks[-_WEEKS_DRAWN:]
        note(
            f"{many} a week, from {lately[0][0].isoformat()}: {chart([count for _, count in lately])}"
        )


@app.command()
def publish(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Write every page again, not only what is behind.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Write the topic feeds that are behind the archive.

    New and edited topics are filled from the archive before. --dry-run names the newest
    stories that an edit would bring, and those that match no more.
    """
    session = session_of(context)
    configuration = session.configuration()
    if dry_run:
        tell_what_is_due(session, configuration, everything)
        return
    from aggregator.publish import shown_path

    changed, folder = _publish(configuration, everything), configuration.settings.publish.directory
    for path in changed:
        done = "wrote" if (folder / path).is_file() else "removed"
        say(f"{done} {one_line(shown_path(path))}")
    note(f"{plural(len(changed), 'published file')} changed")


@app.command()
def revoke(context: typer.Context, topic: TopicKey, dry_run: DryRun = False) -> None:
    """Give a private topic a new address.

    The old one answers 410 from then on. Where a daemon runs, it publishes there within a minute.
    """
    from aggregator.archive import not_private, open_archive
    from aggregator.model.errors import AlreadyRunning
    from aggregator.publish import site_of
    from aggregator.publishing import open_to_publish, publish_behind

    session = session_of(context)
    configuration = session.configuration()
    wanted, settings = topic_of(configuration, topic), configuration.settings
    if dry_run:
        if not wanted.private:
            raise not_private(wanted.slug)
        say(f"would give {wanted.slug} a new address")
        return
    try:
        opened = open_to_publish(settings, purpose="aggregator topics revoke")
    except AlreadyRunning as error:
        if not error.holder.startswith(_PUBLISHING):
            raise
        # A row is all there is to write; who publishes it is there already.
        with open_archive(settings.archive) as archive:
            archive.published.revoke_address(wanted.slug)
            state = archive.topics.state(wanted.slug)
            if served := served_elsewhere(archive, settings):
                note(elsewhere_words(served))
        note(f"{error.holder} moves it when it publishes next, a daemon within a minute")
    else:
        with opened as archive:
            _prepare(archive, configuration)
            archive.published.revoke_address(wanted.slug)
            publish_behind(archive, settings, site_of(settings))
            state = archive.topics.state(wanted.slug)
    for address in _addresses(configuration, wanted, state):
        say(address)


def _prepare(archive: Archive, configuration: Configuration) -> None:
    from aggregator.pipeline import prepare

    prepare(
        archive,
        configuration.settings,
        configuration.subscriptions,
        configuration.interests,
        inclusions=configuration.inclusions,
        tell=tell_edit,
    )


def _publish(configuration: Configuration, everything: bool) -> tuple[str, ...]:
    from aggregator.publish import site_of
    from aggregator.publishing import open_to_publish, publish_behind

    settings = configuration.settings
    with open_to_publish(settings, purpose="aggregator topics publish") as archive:
        _prepare(archive, configuration)
        warn_of_samples(configuration, archive)
        return publish_behind(archive, settings, site_of(settings), everything=everything)


def _states(
    session: Session, configuration: Configuration
) -> tuple[dict[str, TopicState], dict[str, str]]:
    """What the archive holds of the topics, and why it holds them as they were, by key."""
    archive = session.reading_if_any()
    if archive is None:
        return {}, {}
    with archive:
        states = {state.topic.slug: state for state in archive.topics.states()}
        return states, waiting_edits(archive, configuration)


def _tell_why_nothing(archive: Archive, configuration: Configuration, topic: Topic) -> None:
    from aggregator.cli.nothing import tell_why_nothing
    from aggregator.query import parse
    from aggregator.topics import Matcher

    interests = configuration.interests
    bound = Matcher(interests, only=(topic,)).query(topic.slug)
    tell_why_nothing(archive, parse(topic.query), bound, interests.people)


def _shown_in(topic: Topic) -> tuple[str, str]:
    """What a topic shows, one and several."""
    from aggregator.model.topic import Collapse

    return ("entry", "entries") if topic.collapse is Collapse.NONE else ("story", "stories")


def _counted(state: TopicState | None) -> str:
    """How many a topic holds, and how many of them its subscribers were not told of."""
    if state is None:
        return "0; it is filled as aggregator topics publish, a round or a daemon takes it up"
    silent = state.stories - state.announced
    return f"{state.stories}{f', of which {silent} came unannounced, to archive pages only' if silent else ''}"


def _held(topic: Topic, state: TopicState | None) -> str:
    """How many stories a topic holds, or how many entries where it does not collapse them."""
    count, (one, many) = state.stories if state else 0, _shown_in(topic)
    return str(count) if one == "story" else plural(count, one, many)


def _addresses(configuration: Configuration, topic: Topic, state: TopicState | None) -> list[str]:
    """Where it is published, first the address that our own server alone answers with what is asked
    for; nothing of a private topic whose address is not made yet."""
    from aggregator.publish import stem

    if topic.private and not (state and state.token):
        return []
    base = site_told(configuration.settings).base_url
    place = stem(state) if state and topic.private else f"topics/{topic.slug}"
    further = [f".{series}.atom" for series in topic.series if series]
    return [f"{base}/{place}{end}" for end in ("", ".html", ".atom", ".rss", ".json", *further)]


def _topic_json(
    topic: Topic, state: TopicState | None, waiting: Mapping[str, str]
) -> dict[str, object]:
    from aggregator.model.time import iso

    return {
        "slug": topic.slug,
        "title": topic.title,
        "query": topic.query,
        "description": topic.description,
        "collapse": topic.collapse,
        "private": topic.private,
        "digest": topic.digest,
        "corrections": topic.corrections,
        "stories": state.stories if state else 0,
        "announced": state.announced if state else 0,
        "newest": iso(state.newest) if state else None,
        "behind": bool(state and state.version > state.published_version),
        "edited": iso(state.edited) if state else None,
        "came": state.came if state else 0,
        "went": state.went if state else 0,
        "waits": waiting.get(topic.slug),
    }
