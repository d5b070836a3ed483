"""aggregator.toml and the environment → Settings; every mistake named with its mend."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from aggregator.model.errors import ConfigError
from aggregator.model.settings import Settings

PREFIX = "AGGREGATOR_"
_DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SIZES = {"b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_DURATION_KEYS = {
    "collect.default_interval", "collect.min_interval", "collect.max_interval", "collect.timeout",
    "collect.host_spacing", "normalize.document_seconds",
}  # fmt: skip
_SIZE_KEYS = {"archive.free_space", "collect.max_bytes", "normalize.document_bytes"}


def read_settings(file: Path, environ: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """The settings, and where each comes from: default, aggregator.toml or the variable's name.

    Raises one ConfigError that names every mistake in the file and the environment.
    """
    data = _read_toml(file)
    flat = {name: (value, file.name) for name, value in _flatten(data, file)}
    flat |= {name: (value, variable) for name, value, variable in _from_environment(environ)}
    values: dict[str, dict[str, Any]] = {}
    sources, mistakes = dict.fromkeys(known_settings(), "default"), list[str]()
    for name, (value, source) in flat.items():
        section, _, key = name.partition(".")
        try:
            checked = _checked(name, value)
        except (ValueError, TypeError) as error:
            mistakes.append(_spot(file, source, name) + str(error))
            continue
        values.setdefault(section, {})[key] = checked
        sources[name] = source
    if mistakes:
        raise ConfigError("; ".join(mistakes), hint="mend it, then try again")
    settings = _build(values, file.parent)
    _check_together(settings, file)
    return settings, sources


def known_settings() -> dict[str, Any]:
    """Every dotted setting with its shipped value."""
    shipped = Settings()
    return {
        f"{section.name}.{one.name}": getattr(getattr(shipped, section.name), one.name)
        for section in fields(shipped)
        for one in fields(getattr(shipped, section.name))
    }


def parse_duration(value: Any) -> float:
    """Seconds from a number or a text such as 90, "30m", "1h30m", "2d". Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("takes seconds, or a text such as 30m")
    if isinstance(value, int | float):
        seconds = float(value)
    else:
        text = str(value).strip().lower().replace(" ", "")
        parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw]?)", text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise ValueError(f"{value!r} is no duration; write seconds, or 90s, 30m, 1h, 2d")
        seconds = sum(float(number) * _DURATIONS[unit or "s"] for number, unit in parts)
    if not 0 <= seconds <= 10 * 365 * 86400:
        raise ValueError(f"{value!r} is out of bounds")
    return seconds


def parse_size(value: Any) -> int:
    """Bytes from a number or a text such as "16 MiB". Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]i?b|b)?", str(value).strip().lower())
    if not found:
        raise ValueError(f"{value!r} is no size; write bytes, or 512 MiB")
    return int(float(found.group(1)) * _SIZES[found.group(2) or "b"])


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ConfigError(
            f"this is no TOML: {error}",
            file=str(file),
            line=int(found.group(1)) if found else None,
            hint="strings stand in quotes, lists in [ ]",
        ) from None


def read_text(file: Path) -> str:
    """A file a person edits, as text. Raises ConfigError where it is not there or cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            "the file is not there", file=str(file), hint=f"aggregator init {file.parent} writes it"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(
            "the file is not UTF-8 text", file=str(file), hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", file=str(file)) from None


def _flatten(data: dict[str, Any], file: Path) -> list[tuple[str, Any]]:
    known, found = known_settings(), []
    sections = {name.partition(".")[0] for name in known}
    for section, table in data.items():
        if section not in sections or not isinstance(table, dict):
            raise _unknown(section, sections, file, f"[{section}]")
        for key, value in table.items():
            name = f"{section}.{key}"
            if name not in known:
                raise _unknown(name, set(known), file, key)
            found.append((name, value))
    return found


def _unknown(name: str, known: set[str], file: Path, written: str) -> ConfigError:
    near = difflib.get_close_matches(name, sorted(known), 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
    return ConfigError(
        "there is no such setting", file=str(file), key=name, line=line_of(file, written), hint=hint
    )


def line_of(file: Path, written: str) -> int | None:
    """The line (from 1) that begins with a key or a table, where there is just one."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    begins = re.compile(rf"\s*{re.escape(written)}\s*(?:=|$|#|\])")
    found = [number for number, line in enumerate(lines, 1) if begins.match(line)]
    return found[0] if len(found) == 1 else None


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    known, found = known_settings(), []
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or "__" not in variable:
            continue
        name = variable[len(PREFIX) :].lower().replace("__", ".", 1)
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            raise ConfigError(
                f"the environment variable {variable} names no setting",
                hint=f"did you mean {PREFIX}{near[0].upper().replace('.', '__')}?" if near else "",
            )
        found.append((name, _from_text(text, known[name]), variable))
    return found


def _from_text(text: str, shipped: Any) -> Any:
    if isinstance(shipped, tuple):
        inner = text.strip()
        if inner.startswith("["):
            return tomllib.loads(f"value = {inner}")["value"]
        return [part.strip() for part in inner.split(",") if part.strip()]
    if isinstance(shipped, bool):
        return text.strip().lower() in {"1", "true", "yes", "on"}
    if isinstance(shipped, int | float) and re.fullmatch(r"-?\d+(?:\.\d+)?", text.strip()):
        return float(text) if "." in text else int(text)
    return text


def _checked(name: str, value: Any) -> Any:
    """A value as its setting takes it. Raises ValueError with a sentence."""
    shipped = known_settings()[name]
    if name in _DURATION_KEYS:
        seconds = parse_duration(value)
        return seconds if isinstance(shipped, float) else int(seconds)
    if name in _SIZE_KEYS:
        return parse_size(value)
    if isinstance(shipped, tuple):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError('takes a list of texts, such as ["a", "b"]')
        return tuple(value)
    if isinstance(shipped, Path):
        return Path(_string(value))
    if isinstance(shipped, str):
        text = _string(value)
        kind = type(shipped)
        if kind is not str and text not in {one.value for one in kind}:  # type: ignore[attr-defined]
            raise ValueError(f"takes one of {', '.join(one.value for one in kind)}, not {text!r}")  # type: ignore[attr-defined]
        return kind(text)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"takes a whole number, not {value!r}")
    if value < 0:
        raise ValueError("takes no negative number")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"takes a text in quotes, not {value!r}")
    return value


def _spot(file: Path, source: str, name: str) -> str:
    if source != file.name:
        return f"{source}: {name} "
    line = line_of(file, name.partition(".")[2])
    return f"{file}{f':{line}' if line else ''}: {name} "


def _build(values: dict[str, dict[str, Any]], folder: Path) -> Settings:
    """Settings with absolute paths; relative ones are relative to the config folder."""
    shipped = Settings()
    made: dict[str, Any] = {}
    for section in fields(shipped):
        part: Any = getattr(shipped, section.name)
        changed = dataclasses.replace(part, **values.get(section.name, {}))
        absolute = {}
        for one in fields(changed):
            value = getattr(changed, one.name)
            if isinstance(value, Path):
                absolute[one.name] = _absolute(value, folder)
        made[section.name] = dataclasses.replace(changed, **absolute)
    collect = made["collect"]
    folders = tuple(_absolute(Path(one), folder) for one in collect.allow_files)
    made["collect"] = dataclasses.replace(collect, allow_files=folders)
    return Settings(**made)


def _absolute(path: Path, folder: Path) -> Path:
    return Path(folder.absolute() / path.expanduser()).resolve()


def _check_together(settings: Settings, file: Path) -> None:
    """What a value alone does not show. Raises ConfigError with all mistakes."""
    collect, log = settings.collect, settings.log
    base, contact = settings.publish.base_url, collect.contact
    checks = (
        (
            collect.min_interval <= collect.default_interval <= collect.max_interval,
            "collect: min_interval, default_interval and max_interval must not fall in this order",
        ),
        (0 <= settings.server.port <= 65535, "server.port takes a number from 0 to 65535"),
        (
            settings.normalize.boilerplate_percent <= 100,
            "normalize.boilerplate_percent takes a number from 0 to 100",
        ),
        (
            settings.normalize.boilerplate_window >= 2,
            "normalize.boilerplate_window takes 2 or more",
        ),
        (settings.publish.page_size >= 1, "publish.page_size takes 1 or more"),
        (
            not base or re.fullmatch(r"https?://[^/\s]+(/[^\s?#]*)?", base),
            f"publish.base_url: {base!r} is no web address; write https://news.example.org",
        ),
        (
            not contact or re.fullmatch(r"https?://\S+|(?:mailto:)?[^\s@]+@[^\s@]+", contact),
            f"collect.contact: {contact!r} is neither a web nor a mail address",
        ),
        (
            log.level in {"debug", "info", "warning", "error"},
            "log.level takes debug, info, warning or error",
        ),
        (log.format in {"auto", "text", "json"}, "log.format takes auto, text or json"),
    )
    mistakes = [what for right, what in checks if not right]
    for network in collect.allow_networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            mistakes.append(f"collect.allow_networks: {network!r} is no network; write 10.0.0.0/8")
    if mistakes:
        raise ConfigError("; ".join(mistakes), file=str(file), hint="mend it, then try again")
