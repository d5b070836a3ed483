"""What an entry of a digest feed covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Period(StrEnum):
    """A day of UTC, or a week of seven that begins on Monday."""

    DAY = "day"
    WEEK = "week"

    def begin(self, at: datetime) -> datetime:
        """When the period that holds a moment began."""
        day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return day - timedelta(days=day.weekday()) if self is Period.WEEK else day

    def end(self, at: datetime) -> datetime:
        """When the period that holds a moment is over: the next one begins then."""
        return self.begin(at) + timedelta(days=7 if self is Period.WEEK else 1)
