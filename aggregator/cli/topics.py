"""``topics``: what is published, and what a query would give."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from aggregator.cli.checking import (
    check,
    explain,
    tell_leaving,
    topic_of,
    warn_of_samples,
)
from aggregator.cli.foretelling import tell_what_is_due, unpublished, waiting_edits
from aggregator.cli.options import DryRun, Json, Limit, TopicKey, complete_topic
from aggregator.cli.output import (
    Column,
    heading,
    local,
    note,
    on_terminal,
    one_line,
    plural,
    print_fields,
    print_json,
    print_table,
    say,
)
from aggregator.cli.previewing import caught, meant_topic, muted_newest
from aggregator.cli.revoking import addresses_of, prepare_topics, revoke
from aggregator.cli.served import elsewhere_words, served_elsewhere
from aggregator.cli.session import Session, session_of
from aggregator.cli.titles import short, title_of
from aggregator.cli.weeks import barred, chart

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.topic import LeavingTopic, PageEntry, Topic, TopicState

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command()(check)
app.command()(explain)

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
    look = _looked(session, configuration)
    rows = [(topic, look.states.get(topic.slug)) for topic in configuration.topics]
    if as_json:
        print_json([_topic_json(topic, look) for topic, _ in rows])
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
            _held(topic, state.stories if state else 0),
            local(state.newest) if state else "",
            topic.title,
            topic.query,
            look.waiting.get(topic.slug)
            or (f"+{state.came} -{state.went}" if state and state.came + state.went else ""),
            "private" if topic.private else "",
        )
        for topic, state in rows
    ]
    print_table(columns, cells, empty="no topics yet: they are the tables of topics.toml")
    tell_leaving(look.leaving)


@app.command()
def show(context: typer.Context, topic: TopicKey, limit: Limit = 10, as_json: Json = False) -> None:
    """Show one topic: query, addresses, newest stories."""
    session = session_of(context)
    configuration = session.configuration()
    wanted = topic_of(configuration, topic)
    look = _looked(session, configuration)
    state, archive = look.states.get(wanted.slug), session.reading_if_any()
    shown: tuple[PageEntry, ...] = ()
    served: str | None = None
    if archive is not None:
        with archive:
            served = served_elsewhere(archive, configuration.settings)
            if state:
                size = configuration.settings.publish.page_size
                shown = archive.published.subscription_page(wanted.slug, size=size).entries[:limit]
    addresses = addresses_of(configuration, wanted, state)
    if as_json:
        newest = [{"id": e.id, "title": e.title, "url": e.url, "reason": e.reason} for e in shown]
        told = _topic_json(wanted, look)
        print_json({**told, "addresses": addresses, "served_under": served, "entries": newest})
        return
    heading(one_line(wanted.title))
    facts = [
        ("topic", wanted.slug),
        ("query", wanted.query),
        ("about", wanted.description),
        ("private", "yes: it is read by who knows its address" if wanted.private else ""),
        (_shown_in(wanted)[1], _counted(state)),
        ("edit", look.waiting.get(wanted.slug, "") if state else ""),
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


app.command()(revoke)


def _publish(configuration: Configuration, everything: bool) -> tuple[str, ...]:
    from aggregator.publish import site_of
    from aggregator.publishing import open_to_publish, publish_behind

    settings = configuration.settings
    with open_to_publish(settings, purpose="aggregator topics publish") as archive:
        prepare_topics(archive, configuration)
        warn_of_samples(configuration, archive)
        return publish_behind(archive, settings, site_of(settings), everything=everything)


class _Look(Struct, frozen=True, kw_only=True):
    """What the archive holds of the topics, by key, those that are behind, as ``status`` tells them,
    why some are as they were, and those that are no longer in topics.toml."""

    states: Mapping[str, TopicState]
    behind: Collection[str]
    waiting: Mapping[str, str]
    leaving: Sequence[LeavingTopic]


def _looked(session: Session, configuration: Configuration) -> _Look:
    archive = session.reading_if_any()
    if archive is None:
        # All are new.
        behind = [topic.slug for topic in configuration.topics]
        return _Look(states={}, behind=behind, waiting={}, leaving=())
    with archive:
        due = unpublished(archive, configuration)
        return _Look(
            states={state.topic.slug: state for state in archive.topics.states()},
            behind=frozenset(due.topics),
            waiting=waiting_edits(archive, configuration, due.synced),
            leaving=due.wanted.leaving,
        )


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


def _held(topic: Topic, count: int) -> str:
    """How many stories a topic holds, or how many entries where it does not collapse them, which a
    person is told; a program is told by JSON."""
    one, many = _shown_in(topic)
    return plural(count, one, many) if one == "entry" and on_terminal(sys.stdout) else str(count)


def _topic_json(topic: Topic, look: _Look) -> dict[str, object]:
    from aggregator.model.time import iso

    state = look.states.get(topic.slug)
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
        "behind": topic.slug in look.behind,
        "edited": iso(state.edited) if state else None,
        "came": state.came if state else 0,
        "went": state.went if state else 0,
        "waits": look.waiting.get(topic.slug),
    }
