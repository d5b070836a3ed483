"""What people are told of a round: what came, what failed and when it is asked again, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.cli.output import away, local, note, one_line, plural
from aggregator.model.errors import FeedError, FetchError, RefusedURL, Retry

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.inclusions import Look
    from aggregator.model.batch import Counts
    from aggregator.model.feed import Feed
    from aggregator.rounds import Round

# So many feeds with one failure are named; of more, as many.
_NAMED = 3
_OFFLINE = "check the network; `aggregator demo` needs none"


def describe(counts: Counts, pages: int) -> str:
    """One sentence on what a round came to."""
    brought = [
        f"{plural(counts.new, 'new entry', 'new entries')}"
        + (f" ({plural(counts.new_stories, 'new story', 'new stories')})" if counts.new else ""),
        f"{counts.revised:,} revised",
        f"{counts.vanished:,} vanished",
        *([f"{plural(counts.completed, 'whole text')} came late"] if counts.completed else []),
    ]
    fetched = f"{counts.unchanged:,} unchanged, {counts.failed:,} failed"
    written = f"{plural(pages, 'published file')} changed"
    return (
        f"{plural(counts.feeds, 'feed')} ({fetched}): {', '.join(brought)}; "
        f"{written}; {counts.seconds:.1f} s"
    )


def tell_failures(done: Round) -> None:
    """On standard error: a line a failure, one for many of the same cause, one for what all share."""
    from aggregator.collect import NO_NETWORK, by_cause

    lost = {feed.key for feed, _ in done.unreached}
    if lost:
        note(f"aggregator: {NO_NETWORK}: {plural(len(lost), 'feed')} ({_OFFLINE})")
    for error, feeds in by_cause([one for one in done.failures if one[0].key not in lost]):
        named = [one_line(feed.url) for feed in feeds]
        hint = f" ({error.hint})" if error.hint else ""
        why = f"{one_line(error.what)}{hint}; {_what_next(error, feeds, done)}"
        if len(feeds) > _NAMED:
            some = ", ".join(named[:_NAMED])
            note(f"failed: {plural(len(feeds), 'feed')}, such as {some}: {why}")
            continue
        for url in named:
            note(f"failed: {url}: {why}")


def _what_next(error: FeedError, feeds: Sequence[Feed], done: Round) -> str:
    from aggregator.model.feed import OURS_TO_MEND

    if isinstance(error, FetchError) and error.retry is Retry.GONE:
        return "it is asked no more, until `aggregator feeds add URL` finds it answering again"
    if error.kind in OURS_TO_MEND and not (isinstance(error, RefusedURL) and error.reached):
        return "asked again with the next round"
    soonest = away(min(done.due[feed.key] for feed in feeds))
    return f"asked again {'with the next round' if soonest == 'now' else soonest}"


def tell_changes(done: Round) -> None:
    """On standard error: what is well again, and what has moved."""
    back = [one_line(feed.url) for feed in done.recovered]
    if len(back) > _NAMED:
        note(f"{len(back)} feeds are well again, such as {', '.join(back[:_NAMED])}")
    else:
        for url in back:
            note(f"well again: {url}")
    for feed, address in done.moved:
        if address.moved_to is None and address.fetch_url != feed.fetch_url:
            note(
                f"moved: {one_line(feed.url)} is fetched at {one_line(address.fetch_url)} from now "
                "on; `aggregator feeds check --fix` writes it into feeds.opml"
            )
    if done.postponed:
        waits = plural(len(done.postponed), "feed waits", "feeds wait")
        note(f"{waits} because their host asked to be left alone")


def tell_lists(looks: Sequence[Look]) -> None:
    """What became of included lists: those that name other feeds now, and those that fail."""
    for look in looks:
        url, one = one_line(look.list.url), look.list
        if one.failure:
            named = "its feeds are collected as it named them last"
            kept = named if one.last_success else "it never named a feed"
            note(f"{url}: {one_line(one.failure)}: {kept}")
        elif look.changed:
            dropped = f", {look.paused} dropped by it are paused" if look.paused else ""
            note(f"{url}: {plural(one.named, 'feed')} included{dropped}")


def tell_notices(done: Round) -> None:
    """What began or ended with feeds that answer: once, a line each."""
    from aggregator.model.feed import Trouble

    for feed, notice in done.notices:
        if notice.trouble is not Trouble.BROKEN:
            note(f"{one_line(feed.url)}: {one_line(notice.message)}")


def tell_waiting(archive: Archive, done: Round) -> None:
    """How many subscribed feeds fail and were not asked, because they are not due yet, those for want
    of a network by themselves; or when the first one is due, where none was asked."""
    from aggregator.collect import NO_NETWORK, unreached_of
    from aggregator.model.feed import FeedState
    from aggregator.model.time import now

    asked = {feed.key for feed, _ in done.failures}
    feeds = [feed for feed in archive.feeds() if feed.subscribed]
    lost = unreached_of(feeds)
    waiting = [
        (feed.key in lost, feed.next_due)
        for feed in feeds
        if feed.state is FeedState.FAILING and feed.next_due and feed.key not in asked
    ]
    if unreached := [due for is_lost, due in waiting if is_lost]:
        wait = f"not due before {local(min(unreached))}; --all asks now"
        none = f"none of {plural(len(lost), 'feed')} was reached"
        note(f"aggregator: {NO_NETWORK} at the last try: {none}; {wait} ({_OFFLINE})")
    if own := [due for is_lost, due in waiting if not is_lost]:
        failing = plural(len(own), "feed is failing and", "feeds are failing and")
        note(f"{failing} not due before {local(min(own))}; --all asks now")
    elif (
        not waiting
        and not done.counts.feeds
        and (soonest := archive.next_due())
        and soonest > now()
    ):
        note(f"no feed is due before {local(soonest)}; --all asks now")


def tell_left_alone(archive: Archive, done: Round) -> None:
    """How many subscribed feeds were not asked though all were wanted, and why: a wait that a server
    asked for is not over, or they are gone for good. What this round told of is not told again."""
    from aggregator.model.feed import FeedState
    from aggregator.model.time import now

    told = {feed.key for feed, _ in done.failures} | {feed.key for feed in done.postponed}
    left = [feed for feed in archive.resting(now()) if feed.key not in told]
    stopped = sum(feed.state is FeedState.STOPPED for feed in left)
    waits = [
        feed.retry_after
        for feed in left
        if feed.state is not FeedState.STOPPED and feed.retry_after
    ]
    why = []
    if waits:
        soonest = " at the soonest" if len(waits) > 1 else ""
        why.append(f"{len(waits):,} may not be asked before {local(min(waits))}{soonest}")
    if stopped:
        why.append(f"{plural(stopped, 'has', 'have')} stopped (aggregator feeds check)")
    if why:
        alone = plural(len(waits) + stopped, "feed was", "feeds were")
        note(f"{alone} left alone: {', '.join(why)}")
