"""``topics check`` and ``topics explain``: whether topics catch what they should, and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict, replace

from aggregator.cli.options import EntryIdentifier, Json, TopicKey, complete_topic
from aggregator.cli.output import (
    away,
    first_of,
    local,
    note,
    one_line,
    plural,
    print_fields,
    print_json,
    say,
)
from aggregator.cli.session import session_of
from aggregator.cli.titles import entry_named, title_of

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.feed import Feed, Subscription
    from aggregator.model.topic import LeavingTopic, Standing, Topic, TopicEdit
    from aggregator.topics import Failed, Republished, Signless, Survey, Unknown

_FAILED = 2
_NEWEST = 1000
# So many topics that leave are named.
_NAMED = 20


def check(
    context: typer.Context,
    topic: Annotated[
        str,
        typer.Argument(
            metavar="[TOPIC]",
            help="A topic's key in topics.toml [default: all].",
            autocompletion=complete_topic,
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Try the topics on their samples.

    Exit code 2 tells that one fails. Topics that take up nothing, nearly everything, or part of what another takes up of
    the newest 1,000 entries are named too, and feeds and folders that nothing is called; that is no failure.
    Nor is it that public topics may publish what comes of feeds with a log-in in secrets.toml (`logins` in
    JSON: those feeds, and those topics; else null).
    """
    from aggregator.model.time import now
    from aggregator.query import parse
    from aggregator.topics import (
        Matcher,
        Survey,
        failing,
        misspelt,
        republished,
        signless,
        survey,
        unknown,
    )

    session = session_of(context)
    configuration = session.configuration()
    topics = [topic_of(configuration, topic)] if topic else list(configuration.topics)
    interests, at = configuration.interests, now()
    archive = session.reading_if_any()
    feeds: Sequence[Feed | Subscription] = configuration.subscriptions
    if archive is None:
        failed, found, lost = list(failing(interests, topics, now=at)), Survey(), []
    else:
        with archive:
            failed = list(failing(interests, topics, find=archive.entry, now=at))
            newest = islice(archive.candidates(parse("*")), _NEWEST)
            found = survey(Matcher(interests), interests.topics, newest, now=at)
            held = [feed for feed in archive.feeds() if feed.subscribed]
            lost, feeds = list(unknown(interests, topics, held)), held or feeds
    lost += misspelt(interests, topics)
    signs = list(signless(interests, topics))
    shown = republished(replace(interests, topics=tuple(topics)), configuration.access, feeds)
    _print_check(topics, failed, found, lost, signs, shown, as_json=as_json)
    if failed:
        raise typer.Exit(_FAILED)


def _print_check(
    topics: list[Topic],
    failed: list[Failed],
    found: Survey,
    lost: list[Unknown],
    signs: list[Signless],
    shown: Republished | None,
    *,
    as_json: bool,
) -> None:
    slugs = {one.slug for one in topics}
    nothing = [slug for slug in found.nothing if slug in slugs]
    nearly_all = [slug for slug in found.nearly_all if slug in slugs]
    subsets = [(one, other) for one, other in found.subsets if one in slugs]
    samples = sum(len(one.must) + len(one.must_not) for one in topics)
    if as_json:
        print_json(
            {
                "topics": len(topics),
                "samples": samples,
                "failed": [asdict(one) for one in failed],
                "entries": found.entries,
                "nothing": nothing,
                "nearly_everything": nearly_all,
                "subsets": [{"topic": one, "of": other} for one, other in subsets],
                "unknown": [
                    {key: told for key, told in asdict(one).items() if told} for one in lost
                ],
                "signs": [asdict(one) for one in signs],
                "logins": asdict(shown) if shown else None,
            }
        )
        return
    for one in failed:
        say(one_line(str(one)))
    for told in (*lost, *signs, *([shown] if shown else [])):
        note(one_line(str(told)))
    among = f"of the newest {plural(found.entries, 'entry', 'entries')}"
    for slug in nothing:
        note(f"{slug}: matches none {among}")
    for slug in nearly_all:
        note(f"{slug}: matches nearly all {among}")
    for slug, other in subsets:
        note(f"{slug}: all that it matches {among} is in {other} too")
    tried = plural(samples, "sample")
    note(f"{plural(len(topics), 'topic')}, {tried}: {len(failed):,} failed")


def explain(
    context: typer.Context,
    topic: TopicKey,
    entry: EntryIdentifier,
    as_json: Json = False,
) -> None:
    """Say why a topic takes an entry up, or not.

    Which words satisfied which clause, or what kept the entry out, and whether it is held.
    """
    from aggregator.model.time import iso, now
    from aggregator.topics import Matcher

    session = session_of(context)
    configuration = session.configuration()
    wanted = topic_of(configuration, topic)
    with session.reading() as archive:
        record = entry_named(archive, entry)
        standing = archive.topics.standing(wanted.slug, record)
    told = Matcher(configuration.interests, only=(wanted,)).explain(wanted.slug, record, now=now())
    if as_json:
        held: dict[str, object] | None = None
        if standing:
            silence = standing.silence and standing.silence.name.lower()
            held = {
                "since": iso(standing.since),
                "announced": standing.announced,
                "silence": silence,
            }
        print_json(
            {
                "topic": wanted.slug,
                "entry": record.id,
                "story": record.story,
                "matches": told.matches,
                "satisfied": [asdict(one) for one in told.query.satisfied],
                "failed": list(told.failed),
                "limits": [asdict(one) for one in told.limits],
                "muted": told.muted,
                "held": held,
            }
        )
        return
    rows = [
        ("topic", wanted.slug),
        ("title", title_of(record)),
        ("matches", "yes" if told.matches else "no"),
        *(("satisfied", one) for one in dict.fromkeys(map(str, told.query.satisfied))),
        *(("keeps", str(one)) for one in told.limits if one.holds),
        *(("failed", one) for one in dict.fromkeys(told.failed)),
        ("held", _describe(standing)),
    ]
    print_fields(rows)


def _describe(standing: Standing | None) -> str:
    """Whether the topic holds the story, and where it shows it."""
    if standing is None:
        return "no"
    if standing.announced:
        return f"since {local(standing.since)}, announced"
    return f"since {local(standing.since)}, on archive pages only: {standing.silence}"


def topic_of(configuration: Configuration, slug: str) -> Topic:
    """The configured topic of this key. Raises UsageError with the nearest one."""
    from difflib import get_close_matches

    from aggregator.model.errors import UsageError

    known = {topic.slug: topic for topic in configuration.topics}
    if slug in known:
        return known[slug]
    near = get_close_matches(slug, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else "see `aggregator topics list`"
    raise UsageError(f"no topic is called {slug!r}", hint=hint)


def warn_of_samples(configuration: Configuration, archive: Archive | None = None) -> set[str]:
    """A line on standard error for each sample that a topic fails; returns those topics' keys."""
    from aggregator.model.time import now
    from aggregator.topics import contradicted

    find = archive.entry if archive else None
    failed = list(contradicted(configuration.interests, find=find, now=now()))
    for one in failed:
        note(f"aggregator: {one_line(str(one))}")
    return {one.topic for one in failed}


def tell_edit(edit: TopicEdit) -> None:
    """On standard error: what came by an edit of a topic, or its return, and what it holds all the same."""
    if edit.gone:
        note(
            f"{edit.topic} is no topic any more: its feeds are taken down, what it held stays archived"
        )
    elif not edit.new:
        went = f"; {edit.went:,} held match no more, and stay" if edit.went else ""
        began = "is back" if edit.back else "was edited"
        note(f"{edit.topic} {began}: {edit.came:,} came from the archive{went}")


def leaving_words(leaving: Sequence[LeavingTopic]) -> str:
    """A sentence on topics that are no longer in topics.toml: when they are taken down, and what to do."""
    soonest = min(one.until for one in leaving)
    named = first_of([one.topic.slug for one in leaving], _NAMED)
    gone = plural(len(leaving), "topic is", "topics are")
    return (
        f"{gone} no longer in topics.toml: {named}: taken down {local(soonest)} ({away(soonest)}), and "
        "served until then; put back what is missing, or take a topic down at once: aggregator topics "
        "revoke TOPIC"
    )


def tell_leaving(leaving: Sequence[LeavingTopic]) -> None:
    """On standard error: the topics that are no longer in topics.toml, where there are any."""
    if leaving:
        note(leaving_words(leaving))
