"""What a fetch says of how a feed is, and what of it is to be told: one pure function.

A trouble is told once, when it begins, in a plain sentence with what happens next, and once
when it is over; that of a feed which is gone for good, at last, once more. What one poll alone may
show (a server that is slow for a minute) is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from aggregator.collect.rhythm import CUT_FOR_GOOD, polls_cut
from aggregator.model.batch import Decision, Fetched
from aggregator.model.entry import Document
from aggregator.model.errors import FeedError, FetchError, Retry
from aggregator.model.feed import Feed, Trouble
from aggregator.model.notice import Noted, Notice
from aggregator.model.settings import DAY, HOUR, MINUTE

# So many failures running are more than a moment, for kinds that pass by themselves.
_PASSING = 3
# Asking too often, too early, too slowly: whatever is 500 or more is a server's own trouble.
_BUSY = {408, 425, 429}
# A feed is stale after so many of its longest pauses lately, and never within so many days.
_PAUSES, _LEAST = 3, 3.0 * DAY
# A pause counts less with each further news, since a holiday must not hide a death for years.
_FADING = 0.9
# Of so many pauses the longest is left out: one old entry that stays pinned is no rhythm.
_MANY = 6
_MISSED_AGAIN = timedelta(days=1)


def noted(decision: Decision, *, new: int) -> Noted:
    """What is to be told after this fetch, which brought ``new`` entries; and what stands now."""
    fetched, feed = decision.fetched, decision.fetched.feed
    if fetched.failure is not None:
        return _after_failure(fetched, fetched.failure)
    telling = _Telling(fetched)
    telling.end(Trouble.BROKEN, f"it answers again{_after(feed, fetched.at)}")
    _note_listed(telling, feed, _listed(fetched))
    _note_cut(telling, fetched)
    _note_long(telling, fetched.document)
    if decision.missed and _tells_missed(feed, fetched.at):
        telling.begin(Trouble.MISSED, _missed(fetched), again=True)
    news_at, pause = _pulse(fetched, new)
    if new:
        telling.end(Trouble.STALE, "it brings entries again")
    if news_at is not None and pause is not None:
        silent = (fetched.at - news_at).total_seconds()
        if silent > max(_LEAST, _PAUSES * pause):
            telling.begin(Trouble.STALE, _stale(silent, pause))
    return Noted(
        notices=tuple(telling.notices),
        told=frozenset(telling.told),
        news_at=news_at,
        pause=pause,
        missed_at=fetched.at if decision.missed else feed.missed_at,
    )


class _Telling:
    """Troubles that begin and end: each once."""

    def __init__(self, fetched: Fetched) -> None:
        self._at = fetched.at
        self.told = set(fetched.feed.told)
        self.notices: list[Notice] = []

    def begin(self, trouble: Trouble, message: str, *, again: bool = False) -> None:
        if again or trouble not in self.told:
            self.told.add(trouble)
            self.notices.append(Notice(at=self._at, trouble=trouble, message=message))

    def end(self, trouble: Trouble, message: str) -> None:
        if trouble in self.told:
            self.told.remove(trouble)
            over = Notice(at=self._at, trouble=trouble, message=message, over=True)
            self.notices.append(over)


def _note_listed(telling: _Telling, feed: Feed, listed: int | None) -> None:
    if listed:
        telling.end(Trouble.EMPTY, f"it lists {_count(listed)} again")
    elif listed == 0 and feed.listing:
        telling.begin(
            Trouble.EMPTY,
            "its document is sound, but lists nothing any more; the last one listed "
            f"{len(feed.listing)}. What is archived stays, and it is asked as before",
        )


def _note_cut(telling: _Telling, fetched: Fetched) -> None:
    cut = polls_cut(fetched)
    if not cut:
        telling.end(Trouble.CUT, "its document comes whole again")
    elif cut >= CUT_FOR_GOOD:
        telling.begin(
            Trouble.CUT,
            f"its document broke off at {cut} polls running: what came whole of it is archived, an "
            "item that it breaks off in is not, until its publisher mends it. It is asked as before",
        )


def _note_long(telling: _Telling, document: Document | None) -> None:
    if document is not None and document.left_out:
        read = len(document.entries) + len(document.known)
        telling.begin(
            Trouble.LONG,
            f"it lists {read + document.left_out:,} items, of which the newest {read:,} are read: the "
            "oldest are not archived. Set collect.max_entries higher, and they come when it changes",
        )
    elif document is not None and document.complete:
        telling.end(Trouble.LONG, "all that it lists is read")


def gap_closed(feed: Feed, at: datetime, *, entries: int, documents: int) -> Noted:
    """What is told when what lay between two polls was found in the feed's archive documents."""
    found = f"{_count(entries)} between were found in {documents} of its archive documents"
    notice = Notice(
        at=at, trouble=Trouble.MISSED, message=f"nothing is missing: {found}", over=True
    )
    return Noted(
        notices=(notice,) if Trouble.MISSED in feed.told else (),
        told=feed.told - {Trouble.MISSED},
        news_at=feed.news_at,
        pause=feed.pause,
        missed_at=None,
    )


def _after_failure(fetched: Fetched, failure: FeedError) -> Noted:
    feed, notices = fetched.feed, list[Notice]()
    count = (feed.failure.count if feed.failure else 0) + 1
    gone = isinstance(failure, FetchError) and failure.retry is Retry.GONE
    if Trouble.BROKEN in feed.told:
        # What was told of it said that it is tried again.
        tells = gone and not (feed.failure and feed.failure.message == failure.what)
    else:
        tells = count >= _PASSING or _lasts(failure)
    if tells:
        after = (
            "it is asked no more" if gone else "it is tried again, after longer and longer pauses"
        )
        hint = f" ({failure.hint})" if failure.hint else ""
        message = f"{failure.what}{hint}; {after}"
        notices.append(Notice(at=fetched.at, trouble=Trouble.BROKEN, message=message))
    return Noted(
        notices=tuple(notices),
        told=feed.told | {one.trouble for one in notices},
        news_at=feed.news_at,
        pause=feed.pause,
        missed_at=feed.missed_at,
    )


def _lasts(failure: FeedError) -> bool:
    """Whether a failure is no matter of a moment, by its kind."""
    if not isinstance(failure, FetchError):
        return True
    status = failure.status or 0
    return failure.retry is not Retry.SOON and status not in _BUSY and status < 500


def _after(feed: Feed, at: datetime) -> str:
    failure = feed.failure
    if failure is None:
        return ""
    times = "1 failure" if failure.count == 1 else f"{failure.count} failures"
    return f", after {times} in {_span((at - failure.since).total_seconds())}"


def _listed(fetched: Fetched) -> int | None:
    """How many items the document lists; None where none came, or where items were left out."""
    document = fetched.document
    if document is None or not (document.complete or document.entries or document.known):
        return None
    return len(document.entries) + len(document.known)


def _tells_missed(feed: Feed, at: datetime) -> bool:
    """A feed that outruns its polls day by day is told of once a day."""
    return feed.missed_at is None or at - feed.missed_at >= _MISSED_AGAIN


def _missed(fetched: Fetched) -> str:
    feed, at, document = fetched.feed, fetched.at, fetched.document
    since = f"{feed.last_success:%d %b %H:%M} and " if feed.last_success else ""
    closing = (
        "its archive documents are asked for what lies between"
        if document is not None and document.previous_archive
        else "its publisher names no archive documents"
    )
    return (
        f"two polls running have nothing in common: between {since}{at:%d %b %H:%M} UTC entries "
        f"may have been missed. It is asked sooner now; {closing}"
    )


def _pulse(fetched: Fetched, new: int) -> tuple[datetime | None, float | None]:
    """When the newest entry came, and the longest pause lately, after this fetch."""
    feed, at = fetched.feed, fetched.at
    if not new or fetched.document is None:
        return feed.news_at, feed.pause
    dates = {date for one in fetched.document.entries if (date := one.published) and date <= at}
    # What an entry that was edited late, or an old one that came back, is dated is no news.
    if feed.news_at is not None:
        # Whatever it is dated, it was not listed when the feed was last read.
        earliest = feed.last_success or feed.news_at
        dates = {max(date, earliest) for date in dates if date > feed.news_at} or {at}
        dates.add(feed.news_at)
    moments = sorted(dates or {at})
    longest = _longest([(later - earlier).total_seconds() for earlier, later in pairwise(moments)])
    if longest is None:
        return moments[-1], feed.pause
    return moments[-1], max(longest, _FADING * (feed.pause or 0.0))


def _longest(pauses: Sequence[float]) -> float | None:
    ranked = sorted(pauses)
    return (ranked[-2] if len(ranked) >= _MANY else ranked[-1]) if ranked else None


def _count(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries:,} entries"


def _stale(silent: float, pause: float) -> str:
    return (
        f"nothing new for {_span(silent)}, though it answers; its longest pause before was "
        f"{_span(pause)}. It is asked on, seldom"
    )


def _span(seconds: float) -> str:
    """ "40 minutes", "14 hours", "12 days"."""
    size, name = next(
        (one for one in ((DAY, "day"), (HOUR, "hour")) if seconds >= 2 * one[0]),
        (MINUTE, "minute"),
    )
    count = max(1, round(seconds / size))
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
