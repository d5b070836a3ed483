"""A value as written in aggregator.toml or the environment → as its setting takes it."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from aggregator.model.units import duration, in_units

_DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SIZES = {
    "b": 1,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
}
_DURATION_KEYS = {
    "collect.default_interval", "collect.min_interval", "collect.max_interval", "collect.timeout",
    "collect.host_spacing", "normalize.document_seconds", "hub.min_lease", "hub.default_lease",
    "hub.max_lease",
}  # fmt: skip
_SIZE_KEYS = {"archive.free_space", "collect.max_bytes", "normalize.document_bytes"}
_CENTURY = 36_500
_LONGEST = 10 * 365 * 86400
_DATABASES = {"sqlite", "postgresql", "postgres", "postgresql+psycopg"}
BOUNDS = {
    "archive.free_space": (0, 2**60),
    "collect.host_spacing": (0, 3600),
    "collect.concurrency": (1, 1000),
    "collect.default_interval": (1, _LONGEST),
    "collect.min_interval": (0, _LONGEST),
    "collect.max_interval": (1, _LONGEST),
    "collect.timeout": (0.1, 86400),
    "collect.max_bytes": (1, 2**40),
    "collect.max_entries": (1, 1_000_000),
    "collect.max_redirects": (0, 100),
    "collect.pages_per_feed": (0, 10_000),
    "normalize.workers": (0, 1000),
    "normalize.document_seconds": (0.1, 86400),
    "normalize.document_bytes": (16 * 2**20, 2**60),
    "normalize.announce_days": (0, _CENTURY),
    "normalize.boilerplate_entries": (0, 1_000_000),
    "normalize.boilerplate_percent": (0, 100),
    "normalize.boilerplate_window": (2, 100_000),
    "normalize.story_window_days": (0, _CENTURY),
    "publish.page_size": (1, 10_000),
    "server.port": (0, 65535),
    "hub.max_subscriptions": (0, 1_000_000),
    "hub.max_per_host": (0, 1_000_000),
    "hub.max_requests": (1, 1_000_000),
    "hub.min_lease": (1, 365 * 86400),
    "hub.default_lease": (1, 365 * 86400),
    "hub.max_lease": (1, 365 * 86400),
}
"""The least and the most of every setting that is a number: seconds, bytes or a count."""


def checked(name: str, value: Any, shipped: Any, folder: Path) -> Any:
    """A value as its setting takes it: of ``shipped``'s type, paths absolute from ``folder``.

    Raises ValueError with a sentence.
    """
    if name in BOUNDS:
        return _number(name, value, shipped)
    if isinstance(shipped, tuple):
        if not isinstance(value, list):
            raise ValueError('takes a list of texts, such as ["a", "b"]')
        texts = tuple(_text(one) for one in value)
        files = name == "collect.allow_files"
        return tuple(absolute(Path(one), folder) for one in texts) if files else texts
    if isinstance(shipped, Path):
        return absolute(Path(_text(value)), folder)
    if name == "archive.database":
        return _database(_text(value), folder)
    kind = type(shipped)
    text = _text(value)
    if kind is not str and text not in {one.value for one in kind}:
        raise ValueError(f"takes one of {', '.join(one.value for one in kind)}, not {text!r}")
    return kind(text)


def from_text(text: str, shipped: Any) -> Any:
    """What a variable of the environment says, as the file would say it. Raises ValueError."""
    inner = text.strip()
    if isinstance(shipped, tuple):
        if not inner.startswith("["):
            return [part.strip() for part in inner.split(",") if part.strip()]
        try:
            return tomllib.loads(f"value = {inner}")["value"]
        except (ValueError, RecursionError):
            raise ValueError('takes a list of texts, such as ["a", "b"], or a, b') from None
    if isinstance(shipped, int | float) and re.fullmatch(r"-?\d{1,30}", inner):
        return int(inner)
    return text


def as_written(name: str, value: Any) -> str:
    """A value as it may stand in the file or the environment: durations and sizes with their unit."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if name in _DURATION_KEYS:
        return duration(value)
    if name in _SIZE_KEYS:
        return in_units(value, ((" GiB", 2**30), (" MiB", 2**20), (" KiB", 2**10)), " B")
    return str(value)


def parse_duration(value: Any) -> float:
    """Seconds from a number or a text such as 90, "30m", "1h30m", "2d". Raises ValueError."""
    seconds = _seconds(value)
    if not 0 <= seconds <= _LONGEST:
        raise ValueError(f"{_short(value)} is out of bounds, which are 0s and {_LONGEST // 86400}d")
    return float(seconds)


def _seconds(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError("takes seconds, or a text such as 30m")
    if isinstance(value, int | float):
        return value
    if re.search(r"\d\s*M", str(value)):
        raise ValueError(
            f"{_short(value)} may be meant for months; write 30d for one, 1m for a minute"
        )
    text = str(value).strip().lower().replace(" ", "")
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw]?)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{_short(value)} is no duration; write seconds, or 90s, 30m, 1h, 2d")
    return sum(float(number) * _DURATIONS[unit or "s"] for number, unit in parts)


def parse_size(value: Any) -> int:
    """Bytes from a number or a text such as "16 MiB". Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = re.fullmatch(r"(\d{1,24}(?:\.\d{1,9})?)\s*([kmgt]i?b|b)?", str(value).strip().lower())
    if not found:
        raise ValueError(f"{_short(value)} is no size; write bytes, or 512 MiB")
    return int(Decimal(found.group(1)) * _SIZES[found.group(2) or "b"])


def absolute(path: Path, folder: Path) -> Path:
    """A path of the settings: relative ones are relative to the configuration folder."""
    try:
        return Path(folder.absolute() / path.expanduser()).resolve()
    except (RuntimeError, OSError) as error:
        raise ValueError(f"is no path that can be used: {path} ({error})") from None


def _number(name: str, value: Any, shipped: Any) -> float:
    if name in _DURATION_KEYS:
        seconds = _within(name, _seconds(value), value)
        return float(seconds) if isinstance(shipped, float) else int(seconds)
    if name in _SIZE_KEYS:
        return _within(name, parse_size(value), value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"takes a whole number, not {_short(value)}")
    return _within(name, value, value)


def _within(name: str, number: float, value: Any) -> float:
    least, most = BOUNDS[name]
    if not least <= number <= most:
        bounds = f"{as_written(name, least)} to {as_written(name, most)}"
        raise ValueError(f"takes {bounds}, not {_short(value)}")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"takes a text in quotes, not {_short(value)}")
    if re.search("[\x00-\x1f\x7f\ud800-\udfff]", value):
        raise ValueError("takes a text without control characters, in UTF-8")
    return value


def _database(url: str, folder: Path) -> str:
    """A database URL; the file of SQLite is a path like the others."""
    scheme, mark, place = url.partition("://")
    if url and scheme not in _DATABASES:
        # Nothing of what stands behind is told: there may be a password in it.
        what = f"takes no {_short(scheme)}" if mark else "takes a database's URL"
        raise ValueError(f"{what}; write sqlite:///archive.db or postgresql://user@host/name")
    if scheme != "sqlite":
        return url
    file, mark, query = place.removeprefix("/").partition("?")
    if not place.startswith("/") or not file or file == ":memory:":
        raise ValueError("takes the file of the database: sqlite:///archive.db")
    return f"{scheme}:///{absolute(Path(file), folder)}{mark}{query}"


def _short(value: Any) -> str:
    shown = (
        repr(value) if not isinstance(value, int) or value.bit_length() < 100 else "a huge number"
    )
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
