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
# "GMT+2", "CET+0100", "+02:00" after a time: what is meant is the number.
_OFFSET = re.compile(r"\s*(?:[A-Z]{2,5})?\s*([+-])(\d{1,2}):?(\d\d)?\s*(?:\([^)]*\)\s*)?$")
_FRACTION = re.compile(r"(\d:\d\d)[.,]\d{1,9}")
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d")
# 2026/11/28 08:00, 2026.11.28, 2026年11月28日 10:00.
_YEAR_FIRST = re.compile(r"^(\d{4})\s*[/.年]\s*(\d{1,2})\s*[/.月]\s*(\d{1,2})(?:\s*日)?(?!\d)\s*")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_YEAR = len(_MONTHS)
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_TH = r"(?:\.|st|nd|rd|th)?"
# A day as people write it, behind a weekday in any language, before what there is of a time.
_WRITTEN = re.compile(
    r"(?:[^\W\d][^\d]{0,28}?[,. ] ?)??"
    rf"(?:(\d{{1,2}}){_TH}[ -]{_MONTH},?[ -](\d{{4}})(?!\d)|{_MONTH} (\d{{1,2}}){_TH},? (\d{{4}})(?!\d)"
    r"|(\d{1,2})([./-])(\d{1,2})\8(\d{4})(?!\d)|(?=\d{4}-\d\d-\d\d))"
    r"(?:,? (?:[-–|]|at|um|à|kl\.?) |, ?| )?(.*?)(?: uhr)?",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(r"\D{0,30}\d{1,2}[./-]\d{1,2}[./-]\d{4}(?!\d)")
_HALF_DAY = re.compile(r"\b(1[0-2]|0?\d)(:\d\d(?::\d\d)?)\s*([AP])\.?M\b\.?", re.IGNORECASE)
# Zones that have a summer: hours in winter.
_AMERICAN = {"ET": -5, "CT": -6, "MT": -7, "PT": -8}
_LONGEST = 100
_ZERO = 1 << 62
"""Where 1970 is among what sorts: before it is no less than nothing."""


def moment(text: str | None) -> datetime | None:
    """The moment a date text names, in UTC to the second; without a zone it is taken as UTC."""
    if not text or len(text) > _LONGEST:
        return None
    text = _YEAR_FIRST.sub(_dashed, " ".join(text.split()))
    text = _HALF_DAY.sub(_whole_day, text).rstrip()
    return _read(text) or _read(_plainly(text))


def _read(text: str) -> datetime | None:
    try:
        found = _iso(text) if _ISO.match(text) else _mail(text)
        return found and found.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _plainly(text: str) -> str:
    """A date that people wrote, as a mail would have it; "" of one that may be of two days."""
    text = _FRACTION.sub(r"\1", text)
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return text
    day, month, year, named, its_day, its_year, one, sign, other, last, rest = found.groups()
    if one:
        day, month, year = *_in_figures(int(one), sign, int(other)), last
    elif named:
        day, month, year = its_day, named, its_year
    elif not day:
        return rest
    return f"{day} {month[:3]} {year} {rest or '00:00'}" if month else ""


def _in_figures(one: int, sign: str, other: int) -> tuple[int, str]:
    """Day and month; "" where America may mean another day: points always stand behind a day."""
    day, month = (other, one) if sign != "." and other > _YEAR >= one else (one, other)
    if not 1 <= month <= _YEAR or (sign != "." and day <= _YEAR and day != month):
        return day, ""
    return day, _MONTHS[month - 1]


def _dashed(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    return f"{year}-{int(month):02}-{int(day):02} "


def _whole_day(found: re.Match[str]) -> str:
    hour, rest, half = found.groups()
    return f"{int(hour) % 12 + (12 if half in 'pP' else 0):02}{rest}"


def from_struct(parts: tuple[int, ...] | None, text: str) -> datetime | None:
    """The same from feedparser's UTC time tuple, for the date dialects only it knows. None where it
    found no more than year and month in a ``text`` that says a day."""
    if not parts:
        return None
    try:
        year, month, day, hour, minute, second = parts[:6]
        if _DAY_FIRST.match(text):
            # feedparser takes the day for the year.
            return None
        numbers = [int(one) for one in re.findall(r"\d{1,4}", text)]
        if (day, hour, minute, second) == (1, 0, 0, 0) and len(numbers) > 2 and 1 not in numbers:
            return None
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def believed(found: datetime | None, *, now: datetime) -> datetime | None:
    """The moment, or None for one before 1990 or more than a day ahead of our clock."""
    return found if found and EARLIEST <= found <= now + AHEAD else None


def sortable(moment: datetime | None) -> bytes:
    """8 bytes that sort as the moments do; none for none."""
    return (int(moment.timestamp()) + _ZERO).to_bytes(8, "big") if moment else b""


def from_sortable(packed: bytes) -> datetime | None:
    """The moment that :func:`sortable` packed; None for none, and for one before 1990."""
    seconds = int.from_bytes(packed) - _ZERO
    if not packed or seconds < EARLIEST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _iso(text: str) -> datetime | None:
    zone = UTC
    if (name := _ZONE.search(text)) and name.group(1) in _ZONES:
        zone = timezone(timedelta(hours=_ZONES[name.group(1)]))
        text = text[: name.start()].rstrip()
    elif ":" in text and (offset := _OFFSET.search(text, text.index(":"))):
        sign, hours, rest = offset.groups()
        text = f"{text[: offset.start()]}{sign}{int(hours):02}:{rest or '00'}"
    found = datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-"))
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _mail(text: str) -> datetime | None:
    american = 0.0
    if (name := _ZONE.search(text)) and name.group(1) in _ZONES:
        minutes = round(_ZONES[name.group(1)] * 60)
        sign = "-" if minutes < 0 else "+"
        text = f"{text[: name.start()]} {sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    elif name and name.group(1) in _AMERICAN:
        american, text = _AMERICAN[name.group(1)], text[: name.start()]
    elif offset := _OFFSET.search(text, text.rfind(":") - 10 if ":" in text else len(text)):
        sign, hours, rest = offset.groups()
        text = f"{text[: offset.start()]} {sign}{int(hours):02}{rest or '00'}"
    parts = parsedate_tz(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second, *_, seconds = parts
    extra = timedelta(0)
    if (hour, minute) == (24, 0):
        hour, extra = 0, timedelta(days=1)
    zone = timezone(timedelta(seconds=seconds or 0))
    found = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone) + extra
    return found - timedelta(hours=american + _is_summer(found)) if american else found


def _is_summer(local: datetime) -> bool:
    """Whether America's clocks are put forward: from the second Sunday of March to the first of
    November, as since 2007."""
    march, november = (datetime(local.year, month, 1, tzinfo=UTC) for month in (3, 11))
    begins = march + timedelta(days=7 + (6 - march.weekday()) % 7, hours=2)
    ends = november + timedelta(days=(6 - november.weekday()) % 7, hours=2)
    return begins <= local < ends
