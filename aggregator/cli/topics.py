"""``topics``: what is published, and what a query would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.entries import short
from aggregator.cli.options import DryRun, Json, Limit
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
from aggregator.cli.session import Session, session_of

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.entry import EntryRecord
    from aggregator.model.topic import PageEntry, Topic, TopicState

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Slug = Annotated[str, typer.Argument(metavar="TOPIC", help="A topic's key in topics.toml.")]


@app.callback()
def _group() -> None:
    """See what is published, try a query, publish."""


@app.command("list")
def list_topics(context: typer.Context, as_json: Json = False) -> None:
    """List the topics with what they hold."""
    session = session_of(context)
    configuration = session.configuration()
    states = _states(session)
    rows = [(topic, states.get(topic.slug)) for topic in configuration.topics]
    if as_json:
        print_json([_topic_json(topic, state) for topic, state in rows])
        return
    columns = (
        Column("topic"),
        Column("stories", right=True),
        Column("newest"),
        Column("title", cut=True),
        Column("query", wide=True),
    )
    cells = [
        (
            topic.slug,
            str(state.stories) if state else "0",
            local(state.newest) if state else "",
            topic.title,
            topic.query,
        )
        for topic, state in rows
    ]
    print_table(columns, cells, empty="no topics yet: they are the tables of topics.toml")


@app.command()
def show(context: typer.Context, topic: Slug, limit: Limit = 10, as_json: Json = False) -> None:
    """Show one topic: query, addresses, newest stories."""
    session = session_of(context)
    configuration = session.configuration()
    wanted = _topic(configuration, topic)
    archive = session.reading_if_any()
    state: TopicState | None = None
    shown: tuple[PageEntry, ...] = ()
    if archive is not None:
        with archive:
            state = {s.topic.slug: s for s in archive.topics()}.get(wanted.slug)
            if state:
                size = configuration.settings.publish.page_size
                shown = archive.subscription_page(wanted.slug, size=size).entries[:limit]
    addresses = _addresses(configuration, wanted.slug)
    if as_json:
        newest = [{"id": e.id, "title": e.title, "url": e.url, "reason": e.reason} for e in shown]
        print_json({**_topic_json(wanted, state), "addresses": addresses, "entries": newest})
        return
    heading(one_line(wanted.title))
    facts = [
        ("topic", wanted.slug),
        ("query", wanted.query),
        ("about", wanted.description),
        ("stories", str(state.stories) if state else "0"),
        ("newest", local(state.newest) if state else ""),
        *(("address", address) for address in addresses),
    ]
    print_fields([(name, value) for name, value in facts if value])
    if shown:
        say()
        columns = (
            Column("title", wide=True),
            Column("from", cut=True),
            Column("because", wide=True),
        )
        print_table(columns, [(e.title, e.origin_title, e.reason) for e in shown])


@app.command()
def preview(
    context: typer.Context,
    query: Annotated[
        list[str], typer.Argument(metavar="TOPIC|QUERY...", help="A topic's key, or a query.")
    ],
    limit: Limit = 20,
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
        found, total = _caught(archive, topic, configuration, limit)
    if as_json:
        print_json([{**record.as_json(), "reason": reason} for record, reason in found])
        return
    columns = (
        Column("seen"),
        Column("id"),
        Column("title", wide=True),
        Column("feed", cut=True),
        Column("because", wide=True),
    )
    rows = [
        (local(record.first_seen), short(record.id), record.title, record.feed_title, reason)
        for record, reason in found
    ]
    print_table(columns, rows)
    note(f"{plural(total, 'story', 'stories')} in all")


@app.command()
def publish(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Write every page again, not only what is behind.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Write the topic feeds that are behind the archive."""
    session = session_of(context)
    if dry_run:
        with session.reading() as archive:
            states = archive.topics()
        for state in states:
            if everything or state.version > state.published_version:
                say(f"would publish {state.topic.slug}")
        return
    changed = _publish(session.configuration(), everything)
    for path in changed:
        say(f"wrote {one_line(path)}")
    note(f"{plural(len(changed), 'published file')} changed")


def _publish(configuration: Configuration, everything: bool) -> tuple[str, ...]:
    from aggregator.archive import open_archive
    from aggregator.pipeline import prepare, publish_behind, site

    settings = configuration.settings
    with open_archive(settings.archive, write=True, purpose="aggregator topics publish") as archive:
        prepare(
            archive,
            settings,
            configuration.subscriptions,
            configuration.topics,
            configuration.people,
        )
        return publish_behind(archive, settings, site(settings), everything=everything)


def _states(session: Session) -> dict[str, TopicState]:
    archive = session.reading_if_any()
    if archive is None:
        return {}
    with archive:
        return {state.topic.slug: state for state in archive.topics()}


def _topic(configuration: Configuration, slug: str) -> Topic:
    """The configured topic of this key. Raises UsageError with the nearest one."""
    from difflib import get_close_matches

    from aggregator.model.errors import UsageError

    known = {topic.slug: topic for topic in configuration.topics}
    if slug in known:
        return known[slug]
    near = get_close_matches(slug, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else "see `aggregator topics list`"
    raise UsageError(f"no topic is called {slug!r}", hint=hint)


def _caught(
    archive: Archive, topic: Topic, configuration: Configuration, limit: int
) -> tuple[list[tuple[EntryRecord, str]], int]:
    """The newest stories a topic would hold, with reasons, and how many there are."""
    from aggregator.model.time import now
    from aggregator.topics import Matcher, newest

    matcher = Matcher((topic,), people=configuration.people, refers_to=configuration.topics)
    records = archive.candidates(matcher.query(topic.slug))
    hits = newest(topic, matcher.backlog(topic.slug, records, now=now()))
    shown = [(archive.entry(hit.entry), hit.reason) for hit in hits[:limit]]
    return [(record, reason) for record, reason in shown if record], len(hits)


def _addresses(configuration: Configuration, slug: str) -> list[str]:
    from aggregator.pipeline import site

    base = site(configuration.settings).base_url
    return [f"{base}/topics/{slug}{end}" for end in ("", ".atom", ".rss", ".json")]


def _topic_json(topic: Topic, state: TopicState | None) -> dict[str, object]:
    from aggregator.model.time import iso

    return {
        "slug": topic.slug,
        "title": topic.title,
        "query": topic.query,
        "description": topic.description,
        "stories": state.stories if state else 0,
        "announced": state.announced if state else 0,
        "newest": iso(state.newest) if state else None,
        "behind": bool(state and state.version > state.published_version),
    }
