"""Dates as publishers write them → aware UTC; and which of them can be believed.

``moment`` reads, ``believed`` judges: docs/cleaning.md has the rules in words. What
was read does not depend on our clock, so that it can be compared between polls.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)

# Offsets in hours of the zone names that RFC 5322 does not know and feeds use. IST is left
# out: it is Indian, Irish and Israeli time.
_ZONES = {
    "BST": 1, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "TRT": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "ACST": 9.5, "AWST": 8,
    "NZST": 12, "NZDT": 13, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3, "ART": -3, "SAST": 2,
    "SGT": 8, "HKT": 8, "PKT": 5, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "Z": 0, "UTC": 0, "GMT": 0, "UT": 0,
}  # fmt: skip
_ZONE = re.compile(r"\s*\b([A-Z]{1,4}T?Z?)\s*$")
# "GMT+2", "UTC+02:00", "+02:00" after a time: what is meant is the number.
_OFFSET = re.compile(r"\s*(?:GMT|UTC|UT)?\s*([+-])(\d{1,2}):?(\d\d)?\s*(?:\([^)]*\)\s*)?$")
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d")
_LONGEST = 100


def moment(text: str | None) -> datetime | None:
    """The moment a date text names, in UTC to the second; without a zone it is taken as UTC."""
    if not text or len(text) > _LONGEST:
        return None
    text = " ".join(text.split())
    try:
        found = _iso(text) if _ISO.match(text) else _mail(text)
        return found and found.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def from_struct(parts: tuple[int, ...] | None) -> datetime | None:
    """The same from feedparser's UTC time tuple, for the date dialects only it knows."""
    if not parts:
        return None
    try:
        year, month, day, hour, minute, second = parts[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def believed(found: datetime | None, *, now: datetime) -> datetime | None:
    """The moment, or None for one before 1990 or more than a day ahead of our clock."""
    return found if found and EARLIEST <= found <= now + AHEAD else None


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
    elif offset := _OFFSET.search(text, text.rfind(":") - 10 if ":" in text else len(text)):
        sign, hours, rest = offset.groups()
        text = f"{text[: offset.start()]} {sign}{int(hours):02}{rest or '00'}"
    parts = parsedate_tz(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second, *_, seconds = parts
    extra = timedelta(days=1 if hour == 24 else 0)
    zone = timezone(timedelta(seconds=seconds or 0))
    return datetime(year, month, day, hour % 24, minute, min(second, 59), tzinfo=zone) + extra
