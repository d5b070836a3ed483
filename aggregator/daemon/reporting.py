"""What a round came to, told once: in the log, in the metrics, on the progress line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import structlog

from aggregator.backfill import Walk
from aggregator.collect import NO_NETWORK, by_cause, unreached_of
from aggregator.inclusions import Look
from aggregator.model.address import shown_url
from aggregator.model.errors import FeedError, FetchError, Retry
from aggregator.model.feed import Feed, FeedState, Trouble
from aggregator.model.inclusion import FeedList
from aggregator.model.settings import Settings
from aggregator.model.topic import LeavingTopic, TopicEdit
from aggregator.publish import only_here
from aggregator.rounds import Round

_log: Any = structlog.get_logger()

# So many feeds with one failure are named; of more, as many.
_NAMED = 3
_LEAVING_NAMED = 20


def report_round(done: Round, *, next_due: datetime | None) -> None:
    """One line for the round if it brought anything, one for each new failure or recovery.

    A cause that all feeds share is one line, however many feeds it hit. A
    failure that stood before the round is not told again.
    """
    counts = done.counts
    if counts.new or counts.revised or counts.vanished or counts.completed:
        _log.info(
            "collected",
            feeds=counts.feeds,
            new=counts.new,
            revised=counts.revised,
            vanished=counts.vanished,
            stories=counts.new_stories,
            completed=counts.completed,
            seconds=round(counts.seconds, 2),
        )
    lost = {feed.key for feed, _ in done.unreached}
    if lost:
        _tell_cause(NO_NETWORK, len(lost), next_due)
    new = [
        (feed, error)
        for feed, error in done.failures
        if _is_news(feed, error) and feed.key not in lost
    ]
    _tell_new(new)
    back = [feed.url for feed in done.recovered]
    if len(back) > _NAMED:
        _log.info(f"{len(back)} feeds recovered", some=", ".join(back[:_NAMED]))
    else:
        for url in back:
            _log.info("feed recovered", feed=url)
    _tell_moved(done)
    for feed, notice in done.notices:
        # What broke and what recovered is told above.
        if notice.trouble is not Trouble.BROKEN:
            tell = _log.info if notice.over else _log.warning
            tell(notice.message, feed=feed.url)


def _is_news(feed: Feed, error: FeedError) -> bool:
    """Whether a failure is another than the feed's last one, or its end: a feed that is gone for
    good is asked no more, so that it is told once."""
    gone = isinstance(error, FetchError) and error.retry is Retry.GONE
    return gone or feed.failure is None or feed.failure.kind is not error.kind


def report_looks(looks: Sequence[Look]) -> None:
    """One line for each included list that names other feeds now, or began to fail."""
    for look in looks:
        one = look.list
        if one.failures == 1:
            _log.warning("included list failed", list=one.url, why=one.failure)
        elif look.changed:
            _log.info("included list changed", list=one.url, feeds=one.named, paused=look.paused)


def report_walk(feed: Feed, walk: Walk) -> None:
    """What a feed's archive documents brought that a person asked for."""
    why = walk.failure.what if walk.failure else None
    ended = {} if walk.ended else {"next": walk.next, "why": why}
    counts = {"documents": walk.documents, "new": walk.counts.new}
    _log.info("read archive documents", feed=feed.url, **counts, **ended)


def report_standing(feeds: Sequence[Feed]) -> None:
    """One line, at start, on what failed when it was last tried; none where all is well."""
    resting = {FeedState.PAUSED, FeedState.STOPPED}
    asked = [feed for feed in feeds if feed.subscribed and feed.state not in resting]
    failing = [(feed, feed.failure) for feed in asked if feed.failure]
    if not failing:
        return
    next_due = min((feed.next_due for feed, _ in failing if feed.next_due), default=None)
    lost = unreached_of(asked)
    if lost:
        _tell_cause(f"{NO_NETWORK} at the last try", len(lost), next_due)
    if own := len(failing) - len(lost):
        _log.warning(
            f"{own} of {len(asked)} feeds failed at the last try",
            **_next_try(next_due),
            hint="`aggregator status` names them",
        )


def report_lists(lists: Sequence[FeedList]) -> None:
    """A line, at start, for each included list that failed when it was last asked."""
    for one in lists:
        _log.warning(
            "included list failed at the last try",
            list=one.url,
            why=one.failure,
            last_answer=one.last_success or "never",
            **_next_try(one.next_due),
        )


def _tell_moved(done: Round) -> None:
    """Feeds that say they have moved for good, those that are followed by now, and hosts that are
    left alone from now on."""
    for feed, address in done.moved:
        if address.moved_to is not None:
            _log.info("feed says it has moved", feed=feed.url, to=shown_url(address.moved_to))
        else:
            _log.warning(
                "feed has moved, and is fetched there",
                feed=feed.url,
                to=shown_url(address.fetch_url),
                hint="`aggregator feeds check --fix` writes it into feeds.opml",
            )
    for host in sorted(done.left_alone):
        _log.warning("host asks to be left alone; its feeds wait", host=host)


def _tell_cause(cause: str, feeds: int, next_due: datetime | None) -> None:
    _log.warning(
        f"{cause}: {feeds} feeds",
        **_next_try(next_due),
        hint="`make demo` shows everything offline",
    )


def _tell_new(failures: Sequence[tuple[Feed, FeedError]]) -> None:
    """Failures that were not told before: a line each, or one where many have the same cause."""
    for error, feeds in by_cause(failures):
        named = [feed.url for feed in feeds]
        if len(feeds) > _NAMED:
            some = ", ".join(named[:_NAMED])
            _log.warning(f"{len(feeds)} feeds failed", kind=error.kind, why=error.what, some=some)
            continue
        for url in named:
            _log.warning("feed failed", feed=url, kind=error.kind, why=error.what)


def _next_try(due: datetime | None) -> dict[str, datetime]:
    return {} if due is None else {"next_try": due}


def _clock(moment: datetime) -> str:
    """A time for people: hours and minutes in their own zone."""
    return moment.astimezone().strftime("%H:%M")


class ProgressLine:
    """One live line at the foot of a terminal; silent where there is no terminal."""

    def __init__(self, *, wanted: bool) -> None:
        self._live: Any = None
        if wanted and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), transient=True, auto_refresh=False)

    def __enter__(self) -> Self:
        if self._live:
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.__exit__(kind, error, trace)

    def show(self, text: str) -> None:
        """Replace the line. ``text`` is ours, never markup, never from a feed."""
        if self._live:
            from rich.text import Text

            self._live.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)


def welcome(address: str, settings: Settings) -> None:
    """To a person who started the daemon on a terminal: what to open, and how to end it. Where others
    are meant to come, and could not follow a link, the log says so."""
    if why := only_here(settings):
        _log.warning(why, hint="set publish.base_url to where others reach this machine")
    if sys.stderr.isatty():
        sys.stderr.write(f"Open {address} in a browser. Ctrl-C ends it.\n")


def describe_wait(next_due: datetime | None, feeds: int) -> str:
    """The idle line: how many feeds, and when the next is due."""
    named = "feed" if feeds == 1 else "feeds"
    return f"{feeds} {named} · " + (f"next due {_clock(next_due)}" if next_due else "none due")


def report_edit(edit: TopicEdit) -> None:
    """What a new or edited topic found in the archive, and what it holds all the same."""
    if edit.gone:
        hint = "its addresses answer 410 until its key stands in topics.toml again"
        _log.warning("topic taken down", topic=edit.topic, hint=hint)
    elif edit.new:
        _log.info("topic filled", topic=edit.topic, stories=edit.came)
    else:
        event = "topic is back" if edit.back else "topic edited"
        _log.info(event, topic=edit.topic, came=edit.came, unmatched=edit.went)


def report_leaving(leaving: Sequence[LeavingTopic]) -> None:
    """One line on topics that are no longer in topics.toml: which, and until when they go on;
    none where there are none."""
    if not leaving:
        return
    named = [one.topic.slug for one in leaving]
    more = f" and {len(named) - _LEAVING_NAMED} more" if len(named) > _LEAVING_NAMED else ""
    _log.warning(
        "topics are missing from topics.toml",
        topics=", ".join(named[:_LEAVING_NAMED]) + more,
        taken_down=min(one.until for one in leaving),
        hint="put them back, or take one down at once: aggregator topics revoke TOPIC",
    )
