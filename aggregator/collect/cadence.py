"""When a feed is next due, and why: one pure function of what is known.

The floor is an hour (24 hours for a resource without validators, which costs
its publisher a whole document each time), unless the publisher allows less
(max-age, ttl, sy:*) or a person set less. The ceiling is ``max_interval``,
Retry-After excepted. Between them the feed's own rhythm decides.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from aggregator.collect.caching import LONGEST, freshness
from aggregator.collect.push import rest_on_hub
from aggregator.model.batch import Fetched, NextPoll
from aggregator.model.entry import Document
from aggregator.model.errors import FetchError, Retry
from aggregator.model.feed import FailureKind, Feed, Response
from aggregator.model.settings import DAY, HOUR, MINUTE, CollectSettings

_BLIND_FLOOR = 24 * HOUR
# First wait after a failure, by what the kind says, doubled with each further one.
_FIRST_WAIT = {Retry.SOON: 5 * MINUTE, Retry.LATER: HOUR}
# A poll that brought only known items says "later", one that brought much says "sooner".
_SLOWER, _FASTER, _MUCH = 1.5, 0.5, 0.5
_JITTER = 0.08


def next_poll(fetched: Fetched, *, new: int, listed: int, settings: CollectSettings) -> NextPoll:
    """When to ask again after this fetch: never earlier than allowed, never later than the maximum.

    ``new`` entries came, of ``listed`` items. ``rhythm`` of the result holds what
    the next call wants to remember: ``interval`` (seconds), what publishers said.
    """
    feed, now = fetched.feed, fetched.at
    if fetched.failure is not None:
        return _after_failure(fetched, settings)
    rhythm = _remember(feed, fetched.document, fetched.response, now)
    wanted = _wanted(feed, rhythm, new, listed, settings, unchanged=fetched.document is None)
    floor, why_floor = _floor(feed, fetched.response, rhythm, settings)
    rhythm["interval"] = wanted
    seconds, reason = wanted, "its own rhythm"
    if feed.interval is not None:
        seconds, reason = float(feed.interval), "the interval set for this feed"
    if seconds < floor:
        seconds, reason = floor, why_floor
    seconds, reason = rest_on_hub(fetched, seconds, settings) or (seconds, reason)
    ceiling = float(max(settings.max_interval, feed.interval or 0))
    if seconds > ceiling:
        seconds, reason = ceiling, "the longest interval allowed"
    due = _jittered(feed, now, seconds, floor)
    if fetched.document is not None and (fetched.document.skip_hours or fetched.document.skip_days):
        due, reason = _skipped(due, fetched.document, now + timedelta(seconds=ceiling), reason)
    return NextPoll(due=due, reason=reason, rhythm=rhythm)


def _remember(
    feed: Feed, document: Document | None, response: Response | None, now: datetime
) -> dict[str, float]:
    rhythm = dict(feed.rhythm)
    if document is not None:
        for name, value in (("ttl", document.ttl), ("period", document.update_period)):
            rhythm.pop(name, None)
            if value:
                rhythm[name] = min(float(value), LONGEST)
    if response is not None:
        rhythm.pop("fresh", None)
        fresh = freshness(
            response.header("cache-control"),
            response.header("expires"),
            response.header("date"),
            now,
        )
        if fresh:
            rhythm["fresh"] = fresh
        rhythm["blind"] = float(response.validators is None and response.status == 200)
    return rhythm


def _wanted(
    feed: Feed,
    rhythm: dict[str, float],
    new: int,
    listed: int,
    settings: CollectSettings,
    *,
    unchanged: bool,
) -> float:
    """The interval its own rhythm asks for: longer after nothing new, shorter after much."""
    before = rhythm.get("interval")
    if before is None:
        return float(settings.default_interval)
    share = 0.0 if unchanged or not listed else new / listed
    factor = _SLOWER if share == 0 else _FASTER if share >= _MUCH else 1.0
    return min(max(before * factor, settings.min_interval), settings.max_interval)


def _floor(
    feed: Feed, response: Response | None, rhythm: dict[str, float], settings: CollectSettings
) -> tuple[float, str]:
    """The least interval allowed, and whose word that is."""
    if feed.interval is not None:
        # A person set it for this feed: that is the floor and the wish.
        return float(feed.interval), "the interval set for this feed"
    blind = rhythm.get("blind", 0.0) > 0
    floor, why = (_BLIND_FLOOR, "its server sends no validators") if blind else (HOUR, "the hour")
    if settings.min_interval < HOUR:
        floor, why = settings.min_interval, "collect.min_interval"
    else:
        floor = max(floor, settings.min_interval)
    said = {
        "fresh": "the publisher's max-age",
        "ttl": "the publisher's ttl",
        "period": "the publisher's update period",
    }
    spoken = [(rhythm[name], text) for name, text in said.items() if rhythm.get(name)]
    if not spoken:
        return float(floor), why
    most, text = max(spoken)
    least = min(value for value, _ in spoken)
    if most > floor:
        return most, text
    # The publisher allows less than the floor: its word counts, but a minute is the least.
    allowed = max(most, float(MINUTE))
    return (allowed, text) if allowed < floor and least > 0 else (float(floor), why)


def _after_failure(fetched: Fetched, settings: CollectSettings) -> NextPoll:
    feed, now, failure = fetched.feed, fetched.at, fetched.failure
    count = (feed.failure.count if feed.failure else 0) + 1
    rhythm = dict(feed.rhythm)
    retry = failure.retry if isinstance(failure, FetchError) else Retry.LATER
    if retry is Retry.GONE:
        due = now + timedelta(seconds=settings.max_interval)
        return NextPoll(due=due, reason="gone for good (410): stopped", rhythm=rhythm)
    first = _FIRST_WAIT[retry]
    seconds = min(float(first) * 2 ** min(count - 1, 20), float(settings.max_interval))
    seconds = max(seconds, float(min(settings.min_interval, first)))
    kind = failure.kind if failure is not None else FailureKind.OTHER
    reason = f"back-off after {count} failure{'s' if count > 1 else ''} ({kind})"
    until = None
    asked = failure.retry_after if isinstance(failure, FetchError) else None
    if asked:
        until = now + timedelta(seconds=asked)
        if asked > seconds:
            return NextPoll(
                due=until, reason="the server's Retry-After", retry_after=until, rhythm=rhythm
            )
    return NextPoll(
        due=_jittered(feed, now, seconds, seconds), reason=reason, retry_after=until, rhythm=rhythm
    )


def after_outage(feed: Feed, at: datetime) -> datetime | None:
    """When to ask again, after a fetch at ``at`` that failed as all others did: for want of a
    network. Within 5 to 15 minutes, whatever failed before; None where it fails for a day already
    and may be at fault itself.
    """
    if feed.failure is not None and at - feed.failure.since >= timedelta(seconds=DAY):
        return None
    return at + timedelta(seconds=(5 + 10 * _share(feed, at)) * MINUTE)


def _jittered(feed: Feed, now: datetime, seconds: float, floor: float) -> datetime:
    """Spread feeds out, the same way each time for one feed and moment; never before the floor,
    never on the full minute, when everybody else comes."""
    share = _share(feed, now)
    spread = seconds * _JITTER
    later = share * spread if seconds - spread <= floor else (share * 2 - 1) * spread
    due = now + timedelta(seconds=seconds + later)
    if due.second < 2 and seconds >= MINUTE:
        due += timedelta(seconds=3 + 50 * share)
    return due


def _share(feed: Feed, now: datetime) -> float:
    """A number from 0 to 1 of this feed and moment."""
    seed = hashlib.blake2b(f"{feed.identity}\n{now.isoformat()}".encode(), digest_size=8).digest()
    return int.from_bytes(seed, "big") / 2**64


def _skipped(
    due: datetime, document: Document, latest: datetime, reason: str
) -> tuple[datetime, str]:
    """The first moment from ``due`` on that the publisher does not ask to skip (RSS skipHours, skipDays)."""
    at = due
    while at <= latest:
        if at.hour not in document.skip_hours and at.weekday() not in document.skip_days:
            return at, reason if at == due else "the publisher's skipHours and skipDays"
        at = at.replace(minute=due.minute, second=due.second) + timedelta(hours=1)
    return min(due, latest), reason
