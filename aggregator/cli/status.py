"""``status`` and ``stats``: how it goes now, and what there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from aggregator.cli.checking import leaving_words
from aggregator.cli.options import Json
from aggregator.cli.output import (
    NOTHING,
    Column,
    away,
    first_of,
    local,
    note,
    one_line,
    plural,
    print_fields,
    print_json,
    print_table,
    say,
    since_here,
    some_of,
    when,
)
from aggregator.cli.readable import Unpublished, read
from aggregator.cli.served import elsewhere_words, served_elsewhere
from aggregator.cli.session import session_of
from aggregator.cli.troubles import print_troubles, troubles_json

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.model.feed import Feed
    from aggregator.model.settings import Settings
    from aggregator.model.topic import LeavingTopic

_FAILING_SHOWN = 10
_TOPICS_SHOWN = 20


def print_status(context: typer.Context, as_json: Json = False) -> None:
    """Tell how collecting goes: who runs, what is due, what fails.

    Reads the archive and its lock, so it works from another terminal, whether a
    daemon runs or not. Below archive.free_space it says that collecting is paused (JSON
    has the sentence as paused, else null). Delays are from the dates that entries carry to their arrival,
    of the last week. What all feeds fail of (no network) is told once; JSON has it
    as cause, and all the same each feed in failing. A mistake in the configuration or
    a sample that a topic fails, which a daemon that runs does not take up, is told
    with its mend, and so is the first line of feeds.opml that is left out (JSON has all,
    as warnings). Unpublished are the topics that `aggregator topics publish` would write
    or remove, new and edited ones among them (JSON: behind, removed). Topics that are no longer in
    topics.toml are told with the time at which they are taken down (JSON: leaving). Settings that
    are wrong are taken as shipped. The exit code is 0 whatever fails, but 2 where nothing can be told
    but the mistake: aggregator.toml cannot be read, or leaves open which archive is meant.
    """
    from itertools import chain

    from aggregator.cli.delays import (
        WEEK,
        delay_json,
        delay_words,
        delays_json,
        delays_of,
        print_delays,
    )
    from aggregator.cli.inclusions import list_json, print_failing_lists
    from aggregator.collect import NO_NETWORK, unreached_of
    from aggregator.model.delay import delay_of
    from aggregator.model.inclusion import failing_lists
    from aggregator.model.time import iso, now

    session = session_of(context)
    found = read(session)
    settings, (mistake, meanwhile), warnings = found.settings, found.mistake(), found.warnings
    archive = session.reading_if_any(settings.archive)
    if archive is None:
        refused = _refused(settings)
        if as_json:
            wrong = {"mistake": mistake, "warnings": warnings, "paused": refused or None}
            print_json({"holder": None, "feeds": found.feeds_listed, "entries": 0, **wrong})
            return
        for wrong_line in [mistake, *warnings]:
            if wrong_line:
                note(f"aggregator: {one_line(wrong_line)}")
        begins = "nothing was collected yet: `aggregator run` or `aggregator collect` begins"
        say(refused or begins)
        return
    with archive:
        feeds, fresh = found.asked(archive)
        info, due = archive.info(), archive.next_due()
        topics = found.unpublished(archive)
        lists = failing_lists(found.inclusions, archive.lists.read())
        holder, paused = archive.holder(), _paused(archive)
        hub, served = _hub(archive, settings), served_elsewhere(archive, settings)
        push = _push(archive, settings)
        seconds = archive.delays(since=now() - WEEK)
    delay, delays = delay_of(chain.from_iterable(seconds.values())), delays_of(feeds, seconds)
    failing = [feed for feed in feeds if feed.failure]
    lost = unreached_of(feeds)
    cause = NO_NETWORK if lost else None
    states = Counter(feed.state.value for feed in feeds)
    states.update({"new": fresh} if fresh else {})
    last = max((feed.last_fetch for feed in feeds if feed.last_fetch), default=None)
    if as_json:
        print_json(
            {
                "holder": holder,
                "feeds": len(feeds) + fresh,
                "states": dict(states),
                "entries": info.entries,
                "last_fetch": iso(last),
                "next_due": iso(due),
                "mistake": mistake,
                "warnings": warnings,
                "paused": paused,
                "behind": topics.behind,
                "removed": topics.removed,
                "leaving": _leaving_json(topics.leaving),
                "served_under": served,
                "hub": hub,
                "push": push,
                "delay": delay_json(delay),
                "delays": delays_json(delays),
                "cause": cause,
                "failing": [_failing_json(feed) for feed in failing],
                "lists": [list_json(one) for one in lists],
                **troubles_json(feeds, now()),
            }
        )
        return
    counted = ", ".join(f"{count} {state}" for state, count in states.most_common())
    stands = f"; {meanwhile}" if holder else ""
    well = f"; {states['ok']} ok" if states["ok"] else ""
    unreached = f"{cause}: none of {plural(len(lost), 'feed')} was reached{well}"
    print_fields(
        [
            ("writing", since_here(holder or "") or "nobody: start `aggregator run`"),
            *([("paused", paused)] if paused else []),
            *([("mistake", f"{mistake}{stands}")] if mistake else []),
            *([("warnings", some_of(warnings))] if warnings else []),
            ("archive", f"{info.location} · {plural(info.entries, 'entry', 'entries')}"),
            ("feeds", unreached if cause else counted or "none: aggregator feeds add URL"),
            ("last fetch", f"{local(last)} ({away(last)})" if last else "none yet"),
            ("next due", f"{local(due)} ({away(due)})" if due else "none"),
            *([("leaving", leaving_words(topics.leaving))] if topics.leaving else []),
            ("unpublished", _unpublished_line(topics)),
            *([("addresses", elsewhere_words(served))] if served else []),
            *([("hub", _hub_line(hub))] if hub else []),
            *([("push", _push_line(push))] if push else []),
            *([("delay", delay_words(delay))] if delay else []),
        ]
    )
    if own := [feed for feed in failing if feed.key not in lost]:
        _print_failing(own)
    print_failing_lists(lists)
    print_troubles([feed for feed in feeds if not feed.failure], now())
    print_delays(delays)


def _refused(settings: Settings) -> str:
    """Why no new archive is made where none is there, "" where one is."""
    from aggregator.model.errors import ArchiveError, PublishError
    from aggregator.publishing import refuse_lost

    try:
        refuse_lost(settings)
    except (ArchiveError, PublishError) as error:
        return str(error)
    return ""


def _unpublished_line(topics: Unpublished) -> str:
    told = [first_of(topics.behind, _TOPICS_SHOWN)] if topics.behind else []
    if topics.removed:
        told.append(f"to be removed: {first_of(topics.removed, _TOPICS_SHOWN)}")
    return "; ".join(told) or "nothing"


def _leaving_json(leaving: Sequence[LeavingTopic]) -> list[dict[str, object]]:
    from aggregator.model.time import iso

    return [{"topic": one.topic.slug, "taken_down": iso(one.until)} for one in leaving]


def _paused(archive: Archive) -> str | None:
    """Why nothing is collected, as /health tells it; None where there is room on the disk."""
    from aggregator.model.errors import ArchiveError

    try:
        archive.refuse_if_paused()
    except ArchiveError as error:
        return str(error)
    return None


def _hub(archive: Archive, settings: Settings) -> dict[str, object] | None:
    """Who is told of changes, and how many wait to be; None where ``publish.hub`` is empty."""
    from aggregator.hub import standing

    address = settings.publish.hub
    return standing(archive, address) if address else None


def _hub_line(hub: dict[str, Any]) -> str:
    if "unpinged" in hub:
        return f"{hub['address']} · {plural(hub['unpinged'], 'document')} not told of yet"
    told = plural(hub["subscriptions"], "subscription")
    return f"built-in · {told}, {hub['behind']} waiting, {hub['failing']} failing"


def _push(archive: Archive, settings: Settings) -> dict[str, Any] | None:
    """How far the hubs of feeds are of use; None where they cannot reach us."""
    from aggregator.push import address_of, standing

    return standing(archive, address_of(settings))


def _push_line(push: dict[str, Any]) -> str:
    offering = plural(push["offered"], "feed")
    return f"{offering} with a hub, {push['subscribed']} subscribed, {push['proven']} bring news"


def _print_failing(failing: list[Feed]) -> None:
    say()
    columns = (Column("failing", cut=True), Column("since"), Column("why", wide=True))
    rows = [
        (feed.title or feed.url, when(feed.failure.since), feed.failure.message)
        for feed in failing[:_FAILING_SHOWN]
        if feed.failure
    ]
    print_table(columns, rows)
    if len(failing) > _FAILING_SHOWN:
        say(f"and {len(failing) - _FAILING_SHOWN} more: aggregator feeds list")


def _failing_json(feed: Feed) -> dict[str, object]:
    from aggregator.model.time import iso

    failure = feed.failure
    return {
        "url": feed.url,
        "kind": failure.kind.value if failure else None,
        "message": failure.message if failure else None,
        "since": iso(failure.since) if failure else None,
    }


def print_stats(context: typer.Context, as_json: Json = False) -> None:
    """Count what the archive holds.

    Hits: one for each time that a topic took up a story, or showed it anew.
    """
    from msgspec.structs import asdict

    from aggregator.model.time import iso

    with session_of(context).reading() as archive:
        stats = archive.stats(full=True)
    languages = [language for language in stats.languages if language]
    if as_json:
        times = {"first": iso(stats.first), "newest": iso(stats.newest)}
        print_json({**asdict(stats), **times, "languages": languages})
        return
    counts = [(name, str(value)) for name, value in asdict(stats).items() if isinstance(value, int)]
    rest = [
        ("first", local(stats.first) or NOTHING),
        ("newest", local(stats.newest) or NOTHING),
        ("languages", ", ".join(languages) or NOTHING),
    ]
    print_fields([*counts, *rest])
