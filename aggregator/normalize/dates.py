"""Dates as publishers write them → aware UTC, or None where they cannot be believed.

Rules: no date, an unreadable one, one before 1990 or more than a day ahead of
our clock count as absent. A date without a zone is taken as UTC; zone names that
are common in feeds are known (BST is British Summer Time, IST is left out: it
has three meanings). A date within a day ahead is a wrong clock: it becomes now.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)

# Offsets in hours of the zone names that RFC 5322 does not know and feeds use.
_ZONES = {
    "BST": 1, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "TRT": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "ACST": 9.5, "AWST": 8,
    "NZST": 12, "NZDT": 13, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3, "ART": -3, "SAST": 2,
    "SGT": 8, "HKT": 8, "PKT": 5, "Z": 0, "UTC": 0, "GMT": 0, "UT": 0,
}  # fmt: skip
_ZONE = re.compile(r"\s*\b([A-Z]{1,4}T?Z?)\s*$")
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d")


def moment(text: str | None, *, now: datetime) -> datetime | None:
    """The moment a date text names, in UTC to the second, by the rules above."""
    if not text:
        return None
    text = " ".join(text.split())
    try:
        found = _iso(text) if _ISO.match(text) else _mail(text)
        if found is None:
            return None
        found = found.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    if found < EARLIEST or found > now + AHEAD:
        return None
    return min(found, now.replace(microsecond=0))


def from_struct(parts: tuple[int, ...] | None, *, now: datetime) -> datetime | None:
    """The same from feedparser's UTC time tuple, for the date dialects only it knows."""
    if not parts:
        return None
    try:
        year, month, day, hour, minute, second = parts[:6]
        found = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    if found < EARLIEST or found > now + AHEAD:
        return None
    return min(found, now.replace(microsecond=0))


def _iso(text: str) -> datetime | None:
    zone = UTC
    if (name := _ZONE.search(text)) and name.group(1) in _ZONES:
        zone = timezone(timedelta(hours=_ZONES[name.group(1)]))
        text = text[: name.start()].rstrip()
    found = datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-"))
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _mail(text: str) -> datetime | None:
    if (name := _ZONE.search(text)) and name.group(1) in _ZONES:
        minutes = round(_ZONES[name.group(1)] * 60)
        sign = "-" if minutes < 0 else "+"
        text = f"{text[: name.start()]} {sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    parts = parsedate_tz(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second, *_, offset = parts
    if hour == 24:
        hour, extra = 0, timedelta(days=1)
    else:
        extra = timedelta()
    zone = timezone(timedelta(seconds=offset or 0))
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone) + extra
