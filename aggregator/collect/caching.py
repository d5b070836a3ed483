"""What headers say about time: Retry-After, Cache-Control, Expires (RFC 9110, 9111). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator.model.feed import LONGEST_ASKED_WAIT

LONGEST = 10 * 365 * 86400.0
"""No header counts for longer than ten years: larger numbers overflow clocks."""

_CLOCKS_DIFFER = timedelta(days=30)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d+)", re.IGNORECASE)


def http_date(text: str | None) -> datetime | None:
    """An HTTP date (RFC 9110, 5.6.7) as aware UTC; None for anything else."""
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to stay away, from a number or a date, a month at most; None where Retry-After says
    neither (RFC 9110, 10.2.3).

    A date counts from the answer's own Date (6.6.1), where there is one: by the server's clock,
    whatever ours says. An answer out of a cache is older by its Age (RFC 9111, 5.1), and a Date
    that is a month off is no clock's.
    """
    text = headers.get("Retry-After")
    if not text:
        return None
    stripped = text.strip()
    if re.fullmatch(r"\d{1,20}", stripped, re.ASCII):
        return min(float(stripped), float(LONGEST_ASKED_WAIT))
    at = http_date(stripped)
    if at is None:
        return None
    wait = (at - _servers_now(headers, now)).total_seconds()
    return min(max(wait, 0.0), float(LONGEST_ASKED_WAIT))


def _servers_now(headers: Mapping[str, str], now: datetime) -> datetime:
    said, age = http_date(headers.get("Date")), headers.get("Age", "").strip()
    if said is None:
        return now
    if re.fullmatch(r"\d{1,8}", age, re.ASCII):
        said += timedelta(seconds=int(age))
    return now if abs(said - now) > _CLOCKS_DIFFER else said


def freshness(
    cache_control: str | None, expires: str | None, date: str | None, now: datetime
) -> float | None:
    """Seconds for which the publisher calls the answer fresh; None where it does not say.

    ``no-cache`` and ``no-store`` say nothing about how often to ask.
    """
    if cache_control and (found := _MAX_AGE.search(cache_control)):
        return min(float(found.group(1)[:20]), LONGEST)
    ends = http_date(expires)
    if ends is None:
        return None
    return min(max((ends - (http_date(date) or now)).total_seconds(), 0.0), LONGEST)
