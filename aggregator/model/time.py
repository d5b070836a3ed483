"""Time inside the program is aware UTC. This is the border where that is checked."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, UTC."""
    return datetime.now(UTC)


def require_utc(value: datetime | None, name: str) -> None:
    """Refuse a naive or foreign-zone time (ValueError) where a model type is made."""
    if value is None or value.tzinfo is UTC:
        return
    if value.utcoffset() != UTC.utcoffset(None):
        raise ValueError(f"{name} must be an aware UTC time, got {value!r}")


def exact_iso(value: datetime) -> str:
    """RFC 3339 with a Z, to the microsecond."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def iso(value: datetime | None) -> str | None:
    """RFC 3339 with a Z and without a fraction, as it leaves the program; None stays None."""
    if value is None:
        return None
    return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
