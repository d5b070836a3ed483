"""When a feed is next due, and why: one pure function of what is known.

The floor is an hour (24 hours for a resource without validators, which costs
its publisher a whole document each time), unless the publisher allows less
(max-age, ttl, sy:*) or a person set less. The ceiling is ``max_interval``,
Retry-After excepted. Between them the feed's own rhythm decides.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from msgspec.structs import replace

from aggregator.collect.pauses import PAUSE
from aggregator.collect.push import rest_on_hub
from aggregator.collect.rhythm import after_skipped, remember
from aggregator.model.batch import Fetched, NextPoll
from aggregator.model.errors import FeedError, FetchError, RefusedURL, Retry
from aggregator.model.feed import FailureKind, Feed
from aggregator.model.settings import DAY, HOUR, MINUTE, CollectSettings
from aggregator.model.units import duration

_BLIND_FLOOR = 24 * HOUR
# However much a publisher allows: sooner than this nobody is asked, unless a person says so.
_BUSIEST = 15 * MINUTE
# The feeds of a host that asked to be left alone come back over so many seconds.
_RETURN = HOUR
# So many polls between two new entries, as a rule: an entry waits an eighth of the gap.
_POLLS_A_GAP = 4
# A poll that brought only known items says "later", one that brought much says "sooner".
_SLOWER, _FASTER, _MUCH = 1.5, 0.5, 0.5
_JITTER = 0.08


def next_poll(
    fetched: Fetched, *, new: int, listed: int, settings: CollectSettings, missed: bool = False
) -> NextPoll:
    """When to ask again after this fetch: never earlier than allowed, never later than the maximum.

    ``new`` entries came, of ``listed`` items; ``missed``: some may have come and gone
    between this poll and the last. ``rhythm`` of the result holds what the next call
    wants to remember.
    """
    if fetched.failure is not None:
        return _after_failure(fetched, fetched.failure, settings)
    feed, now = fetched.feed, fetched.at
    new = new if fetched.document is not None else 0
    rhythm = remember(fetched, new)
    floor, why_floor = _floor(feed, rhythm, settings)
    ceiling = float(max(settings.max_interval, feed.interval or 0))
    share = new / listed if listed else 0.0
    wanted, reason = _wanted(feed, rhythm, now, 1.0 if missed else share, settings)
    rhythm["interval"] = wanted = min(max(wanted, min(floor, _BUSIEST)), settings.max_interval)
    seconds = wanted
    if feed.interval is not None or wanted < floor:
        seconds, reason = floor, why_floor
    if by_hub := rest_on_hub(fetched, seconds, settings):
        seconds, reason = by_hub
        floor = min(floor, seconds)
    if seconds > ceiling:
        seconds, reason = ceiling, "the longest interval allowed"
    due = _spread(feed, now, seconds, min(floor, ceiling, seconds), ceiling)
    poll = NextPoll(due=due, reason=reason, rhythm=rhythm)
    return _unskipped(poll, latest=now + timedelta(seconds=ceiling))


def _unskipped(poll: NextPoll, *, latest: datetime) -> NextPoll:
    """The same outside the hours and days that the publisher wants skipped."""
    free = after_skipped(poll.rhythm, poll.due, latest)
    if free == poll.due:
        return poll
    return replace(poll, due=free, reason="the publisher's skipHours and skipDays")


def _wanted(
    feed: Feed, rhythm: dict[str, float], now: datetime, share: float, settings: CollectSettings
) -> tuple[float, str]:
    """The interval its own rhythm asks for, and that rhythm in words.

    Silence that lasts longer than the usual gap is the gap. Towards longer waits it
    goes by steps, since what a feed was like yesterday is a guess.
    """
    before = rhythm.get("interval")
    if before is None:
        seconds = float(settings.default_interval)
        return (
            seconds,
            f"collect.default_interval ({duration(settings.default_interval)}), to begin with",
        )
    if share >= _MUCH:
        return before * _FASTER, "much of its last document was new"
    slower = before * _SLOWER if share == 0 else before
    gap = rhythm.get("gap")
    if gap is None:
        return slower, "its own rhythm"
    gap = max(gap, now.timestamp() - rhythm["news"])
    return min(slower, gap / _POLLS_A_GAP), f"its own rhythm: something new every {_span(gap)}"


def _floor(feed: Feed, rhythm: dict[str, float], settings: CollectSettings) -> tuple[float, str]:
    """The least interval allowed, and whose word that is."""
    if feed.interval is not None:
        # A person set it for this feed: that is the floor and the wish.
        return float(feed.interval), "the interval set for this feed"
    blind = rhythm.get("blind", 0.0) > 0
    floor, why = (
        (_BLIND_FLOOR, "its server sends neither ETag nor Last-Modified")
        if blind
        else (HOUR, "an hour, the least wait")
    )
    if settings.min_interval < HOUR or settings.min_interval > floor:
        floor = settings.min_interval
        why = f"collect.min_interval ({duration(floor)})"
    said = {
        "fresh": "the publisher's max-age",
        "ttl": "the publisher's ttl",
        "period": "the publisher's update period",
    }
    spoken = [(rhythm[name], text) for name, text in said.items() if rhythm.get(name)]
    if not spoken:
        return float(floor), why
    # The longest of its words counts, and may allow less than the hour; not less than what a
    # person wrote instead of the hour.
    most, text = max(spoken)
    least = _BUSIEST if settings.min_interval == HOUR else settings.min_interval
    return (most, text) if most > least else (float(least), why if least == floor else text)


def _after_failure(fetched: Fetched, failure: FeedError, settings: CollectSettings) -> NextPoll:
    feed, now, rhythm = fetched.feed, fetched.at, remember(fetched, 0)
    count = (feed.failure.count if feed.failure else 0) + 1
    longest = float(max(settings.max_interval, feed.interval or 0))
    if isinstance(failure, FetchError) and failure.retry is Retry.GONE:
        due = now + timedelta(seconds=longest)
        return NextPoll(due=due, reason="gone for good (410): stopped", rhythm=rhythm)
    first = _first_wait(feed, failure, rhythm, settings)
    seconds = min(first * 2 ** min(count - 1, 20), longest)
    reason = f"back-off after {count} failure{'s' if count > 1 else ''} ({failure.kind})"
    until = None
    if isinstance(failure, RefusedURL) and failure.reached:
        # Such a feed is due again whenever the settings may have changed; its server is not.
        until = now + timedelta(seconds=min(first, longest))
    asked = (failure.retry_after if isinstance(failure, FetchError) else None) or 0.0
    if asked:
        until = now + timedelta(seconds=asked)
    if asked and asked >= seconds:
        # Not all who were told the same moment come at that moment.
        due = now + timedelta(seconds=asked + 1 + _share(feed, now) * min(asked * _JITTER, HOUR))
        reason = "the server's Retry-After"
    else:
        due = _spread(feed, now, seconds, min(max(first, asked), longest), longest)
    poll = NextPoll(due=due, reason=reason, retry_after=until, rhythm=rhythm)
    if _cost_nothing(failure):
        return poll
    # What is free of skipped hours may come after all that the server named.
    return _unskipped(poll, latest=now + timedelta(seconds=asked + longest))


def _first_wait(
    feed: Feed, failure: FeedError, rhythm: dict[str, float], settings: CollectSettings
) -> float:
    """Seconds before the second try: what a person set for the feed, else by what failed; no longer
    than the feed's usual wait where the server says itself when it may be asked again.
    """
    first = _graded_wait(failure, settings)
    asked = failure.retry_after if isinstance(failure, FetchError) else None
    if feed.interval is not None:
        # What costs its server nothing is tried no later than it would be without that.
        free = _cost_nothing(failure)
        first = min(first, float(feed.interval)) if free else float(feed.interval)
    elif asked:
        floor, _ = _floor(feed, rhythm, settings)
        first = min(first, max(floor, rhythm.get("interval", settings.default_interval)))
    if isinstance(failure, FetchError) and failure.status == 429 and not asked:
        # For so long its host is asked for nothing at all.
        first = max(first, PAUSE)
    return first


def _cost_nothing(failure: FeedError) -> bool:
    """Whether the server that was to be asked noticed nothing of it."""
    return failure.kind is FailureKind.DNS or not getattr(failure, "reached", True)


def _graded_wait(failure: FeedError, settings: CollectSettings) -> float:
    """Seconds before the second try where nobody said more: by what failed, and by whether it cost
    the server something."""
    if failure.kind is FailureKind.DNS:
        return 5.0 * MINUTE
    status = failure.status or 0 if isinstance(failure, FetchError) else 0
    if (
        failure.kind is FailureKind.CONNECT
        and isinstance(failure, FetchError)
        and not failure.reached
    ):
        return 10.0 * MINUTE
    if failure.kind is FailureKind.TLS or 400 <= status < 500 or 300 <= status < 400:
        # A person there has to mend it.
        return 2.0 * HOUR
    # What was set for all feeds as less than the hour holds for a server in trouble too.
    return float(min(HOUR, max(settings.min_interval, MINUTE)))


def after_outage(feed: Feed, at: datetime) -> datetime | None:
    """When to ask again, after a fetch at ``at`` that failed as all others did: for want of a
    network. Within 5 to 15 minutes, whatever failed before and whatever hours are to be skipped: no
    server noticed. None where it fails for a day already and may be at fault itself.
    """
    if feed.failure is not None and at - feed.failure.since >= timedelta(seconds=DAY):
        return None
    return at + timedelta(seconds=(5 + 10 * _share(feed, at)) * MINUTE)


def after_pause(feed: Feed, until: datetime, settings: CollectSettings) -> datetime:
    """When a feed comes back that was not asked because its host wants to be left alone until
    then: within the hour after, each at a moment of its own, so that they return one by one; later
    where its publisher wants hours or days skipped.
    """
    due = until + timedelta(seconds=MINUTE + _share(feed, until) * _RETURN)
    longest = max(settings.max_interval, feed.interval or 0)
    return after_skipped(feed.rhythm, due, until + timedelta(seconds=longest))


def _spread(feed: Feed, now: datetime, seconds: float, floor: float, ceiling: float) -> datetime:
    """Spread feeds out, the same way each time for one feed and moment; never before the floor,
    never on the full minute, when everybody else comes. Beyond the ceiling only where the
    floor leaves no room below it.
    """
    share, room = _share(feed, now), seconds * _JITTER
    first, last = max(seconds - room, floor), min(seconds + room, ceiling)
    if first >= ceiling:
        last = first + min(room, 15 * MINUTE)
    wait = first + share * (last - first)
    if seconds >= MINUTE and (now + timedelta(seconds=wait)).second < 2:
        aside = 3 + min(50, room) * share
        wait = wait - 4 if wait + aside > last and wait - 4 >= first else wait + aside
    return now + timedelta(seconds=wait)


def _share(feed: Feed, now: datetime) -> float:
    """A number from 0 to 1 of this feed and moment."""
    seed = hashlib.blake2b(f"{feed.identity}\n{now.isoformat()}".encode(), digest_size=8).digest()
    return int.from_bytes(seed, "big") / 2**64


def _span(seconds: float) -> str:
    """A length of time in a word: "40 min", "6 h", "3 days"."""
    if seconds < 1.5 * HOUR:
        return f"{max(round(seconds / MINUTE), 1)} min"
    return f"{round(seconds / HOUR)} h" if seconds < 2 * DAY else f"{round(seconds / DAY)} days"
