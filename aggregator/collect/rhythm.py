"""What cadence remembers of a feed between polls (``Feed.rhythm``). Pure.

::

    interval    seconds that its own rhythm asked for last time
    gap, news   seconds between two new entries as a rule, and when the last came
    told        when the server last sent a document, not only "unchanged"
    whole       when we last asked without validators though we had some
    liar        when that brought what the server's "unchanged" had hidden
    fresh       seconds its headers call an answer fresh; ttl, period: what the document says
    hours, days bits of the hours and weekdays to skip
    blind       1 where the last document came without validators
    cut         polls running at which the document broke off; none where it came whole

Times are seconds since 1970, so that all of it is numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from aggregator.collect.caching import LONGEST, freshness
from aggregator.collect.push import NOT_SHOWN_YET
from aggregator.model.batch import Fetched
from aggregator.model.entry import Document
from aggregator.model.errors import FetchError, NotAFeed
from aggregator.model.feed import FailureKind, Feed, Response
from aggregator.model.push import Push
from aggregator.model.settings import DAY, HOUR, MINUTE

DOUBT_AGAIN = 30 * DAY
"""Seconds after which a server's "unchanged" may be doubted again."""

# A feed is overdue after so many of its usual gaps, and so many seconds, in silence.
_GAPS, _LEAST_SILENCE = 12, 7 * DAY
CUT_FOR_GOOD = 3
"""Polls running at which a document breaks off before that is more than a moment's matter."""

# Seconds from an entry's date to the document that lists it, where a server is slow to write it.
_SLOW = float(HOUR)
# How much a new gap counts beside those before it.
_WEIGHT = 0.3
# Of a first document, the rhythm is that of so many newest items.
_RECENT = 10


def doubt(feed: Feed, now: datetime) -> str | None:
    """Why the server's "unchanged" is not believed this time, so that the request goes out
    without validators: once in 30 days at most, and on evidence. None where it is believed.
    """
    rhythm, at = feed.rhythm, now.timestamp()
    if feed.validators is None or at - rhythm.get("whole", 0.0) < DOUBT_AGAIN:
        return None
    if feed.doubted is not None and feed.doubted.timestamp() > rhythm.get("whole", 0.0):
        return "something else showed news"
    if feed.due_reason == NOT_SHOWN_YET:
        return "its hub told of news"
    told, news, gap = (rhythm.get(name) for name in ("told", "news", "gap"))
    if told is None:
        return None
    if feed.push is not None and _hidden_from_hub(feed.push, feed.last_fetch, told):
        return "its hub told of news, and its server says unchanged"
    if feed.failure is not None and feed.failure.kind is FailureKind.NOT_A_FEED:
        return "it was no feed for so long" if at - told > DOUBT_AGAIN else None
    if news is None or gap is None:
        return None
    silence = max(_GAPS * gap, _LEAST_SILENCE)
    overdue = at - news > silence and at - told > silence
    return "overdue against its own rhythm, and only ever unchanged" if overdue else None


def awaits_end(feed: Feed) -> bool:
    """Whether its document is to be asked for whole, since it broke off: what came of it is no
    ground for "unchanged" (RFC 9111, section 3.3). Not where it did so time and again.
    """
    return 0 < feed.rhythm.get("cut", 0.0) < CUT_FOR_GOOD


def polls_cut(fetched: Fetched) -> int:
    """Polls running at which the document broke off, this one included; a failure or a 304 tells
    nothing of that, the same bytes again do."""
    before, document = int(fetched.feed.rhythm.get("cut", 0.0)), fetched.document
    if document is not None:
        return before + 1 if document.breaks_off else 0
    came = (
        fetched.failure is None and fetched.response is not None and fetched.response.status != 304
    )
    return before + 1 if before and came else before


def hides(feed: Feed, document: Document) -> bool:
    """Whether a document that was had without validators lists what the server's last "unchanged"
    kept back: an entry from after the last document, and from well before that answer.
    """
    told, answered = feed.rhythm.get("told"), feed.last_success
    if feed.validators is None or told is None or answered is None:
        return False
    latest = answered.timestamp() - _SLOW
    dates = (entry.published.timestamp() for entry in document.entries if entry.published)
    return any(told < date <= latest for date in dates)


def _hidden_from_hub(push: Push, last_fetch: datetime | None, told: float) -> bool:
    """Whether the hub told of news after the last document, and we have asked for it since."""
    if push.told is None or last_fetch is None:
        return False
    return push.told.timestamp() > told and last_fetch > push.told


def remember(fetched: Fetched, new: int) -> dict[str, float]:
    """The rhythm after this fetch, which brought so many new entries; ``interval`` as it was."""
    rhythm, response = dict(fetched.feed.rhythm), fetched.response
    if (response is not None or _heard(fetched)) and doubt(fetched.feed, fetched.at):
        rhythm["whole"] = fetched.at.timestamp()
        if fetched.document is not None and not fetched.feed.failure:
            rhythm["liar"] = fetched.at.timestamp()
    if response is not None:
        _note_answer(rhythm, fetched, response)
    rhythm.pop("cut", None)
    if cut := polls_cut(fetched):
        rhythm["cut"] = float(cut)
    if fetched.failure is not None:
        return rhythm
    if fetched.document is not None:
        _note_words(rhythm, fetched.document)
    if new:
        _note_news(rhythm, fetched, new)
    return rhythm


def _heard(fetched: Fetched) -> bool:
    """Whether a request that failed reached a server all the same."""
    return isinstance(fetched.failure, FetchError) and fetched.failure.reached


def _note_answer(rhythm: dict[str, float], fetched: Fetched, response: Response) -> None:
    if response.status == 304:
        rhythm["blind"] = 0.0
    else:
        rhythm["told"] = fetched.at.timestamp()
        rhythm["blind"] = float(response.validators is None)
        rhythm.pop("fresh", None)
    # A 304 that says nothing of it leaves what the answer before said (RFC 9111, 4.3.4).
    fresh = freshness(
        response.header_list("cache-control"),
        response.header("expires"),
        response.header("date"),
        fetched.at,
    )
    if fresh is not None:
        rhythm["fresh"] = fresh


def _note_words(rhythm: dict[str, float], document: Document) -> None:
    """What the document says about itself. Numbers that make no sense are left out."""
    words = {
        "ttl": min(float(document.ttl or 0), LONGEST),
        "period": min(float(document.update_period or 0), LONGEST),
        "hours": _bits(document.skip_hours),
        "days": _bits(document.skip_days),
    }
    for name, value in words.items():
        rhythm.pop(name, None)
        if value > 0:
            rhythm[name] = value


def _note_news(rhythm: dict[str, float], fetched: Fetched, new: int) -> None:
    now, news = fetched.at.timestamp(), rhythm.get("news")
    if news is None:
        dates = _dates(fetched)
        rhythm["news"] = dates[-1] if dates else now
        if len(dates) > 1:
            rhythm["gap"] = max((dates[-1] - dates[0]) / (len(dates) - 1), float(MINUTE))
        return
    gap = max((now - news) / new, float(MINUTE))
    before = rhythm.get("gap", gap)
    rhythm["gap"] = before + _WEIGHT * (gap - before)
    rhythm["news"] = now


def _dates(fetched: Fetched) -> list[float]:
    """When the newest items of a first document are from, oldest first."""
    document = fetched.document
    found = [
        entry.published.timestamp()
        for entry in (document.entries if document else ())
        if entry.published and entry.published <= fetched.at
    ]
    return sorted(found)[-_RECENT:]


def still_no_feed(feed: Feed, response: Response) -> NotAFeed | None:
    """The standing failure of a feed whose last document was none, where it is unchanged."""
    failure, held = feed.failure, feed.validators
    if response.status != 304 or failure is None or failure.kind is not FailureKind.NOT_A_FEED:
        return None
    # What another address holds unchanged is a document that was a feed.
    if held is None or held.url != response.url:
        return None
    return NotAFeed(failure.message, url=feed.url)


def _bits(numbers: Collection[int]) -> float:
    return float(sum(1 << number for number in set(numbers) if 0 <= number < 24))


def skipped(rhythm: dict[str, float], at: datetime) -> bool:
    """Whether the publisher asks to skip the hour or weekday (RSS skipHours, skipDays; UTC)."""
    hours, days = int(rhythm.get("hours", 0)), int(rhythm.get("days", 0))
    return bool(hours >> at.hour & 1 or days >> at.weekday() & 1)


def after_skipped(rhythm: dict[str, float], due: datetime, latest: datetime) -> datetime:
    """The first moment from ``due`` on that is not to be skipped, hour by hour; the last one up
    to ``latest`` where all are.
    """
    at = due
    while skipped(rhythm, at) and at + timedelta(hours=1) <= latest:
        at += timedelta(hours=1)
    return at
