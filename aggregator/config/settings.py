"""aggregator.toml and the environment → Settings; every mistake named with its mend."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from aggregator.config.toml import line_of, read_toml
from aggregator.config.values import absolute, as_written, checked, from_text
from aggregator.model.errors import ConfigError
from aggregator.model.settings import BUILT_IN_HUB, NO_PUSH, Settings

PREFIX = "AGGREGATOR_"
_OTHER_VARIABLES = {"AGGREGATOR_CONFIG", "AGGREGATOR_ARGS"}
_OF_TESTS = "AGGREGATOR_TEST"
# An editor that is saving, or a full disk, leaves an empty file: no reason to take what is shipped.
_EMPTY = 'put the settings back; where all are to be as shipped, write a comment: "# as shipped"'
# What says which archive is meant.
_PLACE = {"archive.directory", "archive.database"}
_VARIABLES = "unset it, or name a setting: AGGREGATOR_SERVER__PORT stands for server.port"

# Settings of a section of which the first must not be longer than the second.
_IN_ORDER = (
    ("collect", "min_interval", "default_interval"),
    ("collect", "default_interval", "max_interval"),
    ("hub", "min_lease", "default_lease"),
    ("hub", "default_lease", "max_lease"),
)


class _Reading(Struct, frozen=True):
    """What was read: wrong settings are as shipped; ``wrong`` are the names of them, and of what is
    no setting; ``mistake`` is what is told of them."""

    settings: Settings
    sources: dict[str, str]
    wrong: frozenset[str] = frozenset()
    mistake: ConfigError | None = None


def read_settings(file: Path, environ: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """The settings, and where each comes from: default, aggregator.toml or the variable's name.

    Raises one ConfigError that names every mistake in the file and the environment.
    """
    found = _read(file, environ)
    if found.mistake:
        raise found.mistake
    return found.settings, found.sources


def read_right_settings(
    file: Path, environ: Mapping[str, str]
) -> tuple[Settings, ConfigError | None]:
    """The settings, those that are wrong as shipped; and what :func:`read_settings` raises of them.

    Raises that ConfigError where it leaves open which archive is meant: the file cannot be read, or
    what is wrong is, or may be meant for, archive.directory or archive.database.
    """
    found = _read(file, environ)
    if found.mistake and any(map(_hides_archive, found.wrong)):
        raise found.mistake
    return found.settings, found.mistake


def _read(file: Path, environ: Mapping[str, str]) -> _Reading:
    """Raises ConfigError where the file cannot be read."""
    data = read_toml(file, hint="strings stand in quotes, lists in [ ]", empty=_EMPTY)
    known, folder = known_settings(), file.parent
    flat, unknown = _flatten(data, file)
    told, strange = _from_environment(environ)
    unknown |= strange
    written: dict[str, tuple[Any, str]] = {name: (value, file.name) for name, value in flat}
    written |= {name: (text, variable) for name, text, variable in told}
    values, sources, wrong = dict[str, Any](), dict.fromkeys(known, "default"), dict[str, str]()
    for name, (value, source) in written.items():
        try:
            plain = value if source == file.name else from_text(value, known[name])
            values[name] = checked(name, plain, known[name], folder)
        except ValueError as error:
            wrong[name] = _spot(file, source, name) + str(error)
        sources[name] = source
    settings = _build(values, folder)
    together = _wrong_together(settings, file, sources)
    if named := {name for names in together.values() for name in names}:
        settings = _build({key: one for key, one in values.items() if key not in named}, folder)
    # A value that is wrong by itself may be all that is wrong with the others.
    mistakes = wrong.values() or together
    mistake = ConfigError("; ".join(mistakes), hint="mend it, then try again") if mistakes else None
    # What is no setting is told alone, as it may be meant for any.
    mistake = next(iter(unknown.values()), mistake)
    return _Reading(settings, sources, frozenset({*unknown, *wrong, *named}), mistake)


def _hides_archive(wrong: str) -> bool:
    """Whether it leaves open which archive is meant that this setting, or what is none, is wrong."""
    section, _, key = wrong.rpartition(".")
    if wrong in known_settings():
        return wrong in _PLACE
    near = difflib.get_close_matches("archive", [section or key], 1, 0.5)
    return bool(near) or (not section and f"archive.{key}" in _PLACE)


def known_settings() -> dict[str, Any]:
    """Every dotted setting with its shipped value."""
    shipped = Settings()
    return {
        f"{section}.{name}": getattr(getattr(shipped, section), name)
        for section in shipped.__struct_fields__
        for name in getattr(shipped, section).__struct_fields__
    }


def _flatten(
    data: dict[str, Any], file: Path
) -> tuple[list[tuple[str, Any]], dict[str, ConfigError]]:
    """(dotted name, value) of each setting; and what is none, by its name."""
    known, found, unknown = known_settings(), list[tuple[str, Any]](), dict[str, ConfigError]()
    sections = {name.partition(".")[0] for name in known}
    for section, table in data.items():
        if section not in sections or not isinstance(table, dict):
            line = line_of(file, section) or line_of(file, "", section)
            homes = [] if isinstance(table, dict) else _homes(section)
            unknown[section] = (
                _homeless(section, homes, file, line)
                if homes
                else _unknown(section, sections, file, line)
            )
            continue
        for key, value in table.items():
            name = f"{section}.{key}"
            if name in known:
                found.append((name, value))
            else:
                unknown[name] = _unknown(name, set(known), file, line_of(file, section, key))
    return found, unknown


def _homes(key: str) -> list[str]:
    """The sections in which there is a setting of this name."""
    found = (name.split(".") for name in known_settings())
    return [section for section, name in found if name == key]


def _homeless(key: str, homes: list[str], file: Path, line: int | None) -> ConfigError:
    """That a setting stands above all sections."""
    hint = f"write it under {' or '.join(f'[{one}]' for one in homes)}"
    return ConfigError("this stands in no section", file=str(file), key=key, line=line, hint=hint)


def _unknown(name: str, known: set[str], file: Path, line: int | None) -> ConfigError:
    section, _, key = name.rpartition(".")
    keys = sorted(one.rpartition(".")[2] for one in known if one.rpartition(".")[0] == section)
    near = difflib.get_close_matches(key, keys, 1, 0.5)
    mend = f"did you mean {f'{section}.{near[0]}'.strip('.')}?" if near else ""
    hint = mend or f"there are {', '.join(keys)}"
    return ConfigError("there is no such setting", file=str(file), key=name, line=line, hint=hint)


def _from_environment(
    environ: Mapping[str, str],
) -> tuple[list[tuple[str, str, str]], dict[str, ConfigError]]:
    """(dotted name, text, variable) of each variable of ours; and what names no setting, by what
    would be its dotted name."""
    variables = {_variable(name): name for name in known_settings()}
    ours = [
        variable
        for variable in environ
        if variable.startswith(PREFIX)
        and variable not in _OTHER_VARIABLES
        and not variable.startswith(_OF_TESTS)
    ]
    found, unknown = list[tuple[str, str, str]](), dict[str, ConfigError]()
    for variable in ours:
        if name := variables.get(variable.upper()):
            found.append((name, environ[variable], variable))
            continue
        what = f"the environment variable {variable} names no setting"
        dotted = variable.removeprefix(PREFIX).lower().replace("__", ".", 1)
        unknown[dotted] = ConfigError(what, hint=_meant(variable.upper(), variables))
    return found, unknown


def _meant(variable: str, variables: Mapping[str, str]) -> str:
    """What is told of one that names no setting: which one it nearly names, or which there are in
    its section."""
    # Of what all names have in common none is near to another.
    names = [name.removeprefix(PREFIX) for name in variables]
    section, _, key = variable.removeprefix(PREFIX).partition("__")
    keys = sorted(one.partition("__")[2] for one in names if one.startswith(f"{section}__"))
    if near := difflib.get_close_matches(key, keys, 1, 0.5):
        return f"did you mean {PREFIX}{section}__{near[0]}?"
    if keys:
        return f"after {PREFIX}{section}__ there are {', '.join(keys)}"
    near = difflib.get_close_matches(variable.removeprefix(PREFIX), names, 1, 0.7)
    return f"did you mean {PREFIX}{near[0]}?" if near else _VARIABLES


def _variable(name: str) -> str:
    return PREFIX + name.upper().replace(".", "__")


def _spot(file: Path, source: str, name: str) -> str:
    if source != file.name:
        return f"{source}: {name} "
    line = line_of(file, *name.split("."))
    return f"{file}{f':{line}' if line else ''}: {name} "


def _build(values: dict[str, Any], folder: Path) -> Settings:
    """Settings with what is written there, and for the rest what is shipped; paths are absolute."""
    made: dict[str, Any] = {}
    for name, shipped in known_settings().items():
        section, _, key = name.partition(".")
        value = absolute(shipped, folder) if isinstance(shipped, Path) else shipped
        made.setdefault(section, {})[key] = values.get(name, value)
    shapes = Settings()
    return Settings(
        **{section: type(getattr(shapes, section))(**part) for section, part in made.items()}
    )


def _wrong_together(
    settings: Settings, file: Path, sources: Mapping[str, str]
) -> dict[str, list[str]]:
    """What a value alone does not show: the names of the settings that are wrong, by what is told."""
    collect, log = settings.collect, settings.log
    base, contact = settings.publish.base_url, collect.contact
    told, pushed = settings.publish.hub, collect.push_address
    checks = (
        (
            not base or _is_web_address(base),
            f"publish.base_url: {base!r} is no web address; write https://news.example.org",
        ),
        (
            told in {"", BUILT_IN_HUB} or _is_web_address(told, query=True),
            f"publish.hub: {told!r} is neither {BUILT_IN_HUB} nor a web address",
        ),
        (
            pushed in {"", NO_PUSH} or _is_web_address(pushed),
            f"collect.push_address: {pushed!r} is neither {NO_PUSH} nor a web address",
        ),
        (
            set(collect.push_signatures) <= {"sha1", "sha256", "sha384", "sha512"},
            "collect.push_signatures takes sha1, sha256, sha384 and sha512",
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
    mistakes = [*_out_of_order(settings, sources), *(what for right, what in checks if not right)]
    mistakes += _exposed(settings, file.parent)
    for section in ("collect", "hub"):
        for network in getattr(settings, section).allow_networks:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                what = f"{network!r} is no network; write 10.0.0.0/8"
                mistakes.append(f"{section}.allow_networks: {what}")
    named = ((one, _named(one, sources)) for one in mistakes)
    return {_place(names, file, sources) + one: names for one, names in named}


def _out_of_order(settings: Settings, sources: Mapping[str, str]) -> Iterator[str]:
    """Which of the settings that are each other's bounds stand the wrong way round."""
    for section, shorter, longer in _IN_ORDER:
        part = getattr(settings, section)
        if getattr(part, shorter) <= getattr(part, longer):
            continue
        told = [
            f"{key} ({as_written(name, getattr(part, key))}"
            f"{', as shipped' if sources[name] == 'default' else ''})"
            for key in (shorter, longer)
            for name in (f"{section}.{key}",)
        ]
        yield f"{section}: {told[0]} must not be longer than {told[1]}"


def _exposed(settings: Settings, folder: Path) -> list[str]:
    """What the published folder would show to everybody, though it is nobody's business."""
    public, archive = settings.publish.directory, settings.archive
    scheme, _, rest = archive.database.partition(":///")
    at = rest.partition("?")[0] if scheme.startswith("sqlite") else archive.directory / "archive.db"
    # Database and captures may be links to another disk.
    kept = {
        "the configuration folder": folder,
        "archive.directory": archive.directory,
        "the folder of the captures": archive.directory / "captures",
        "the database": at,
    }
    for what, place in kept.items():
        real = Path(os.path.realpath(place))
        if real.is_relative_to(public):
            held = f"{public} {'is' if real == public else 'contains'} {what}"
            mend = "give it a folder of its own, such as ../archive/public"
            return [f"publish.directory: {held}, and all of it would be published; {mend}"]
    return []


def _named(mistake: str, sources: Mapping[str, str]) -> list[str]:
    """The settings that a mistake is of: it begins with its setting, or with the section of those
    that it names."""
    begun = re.match(r"[a-z_]+(\.[a-z_]+)?", mistake)
    setting = begun[0] if begun else ""
    told = dict.fromkeys(re.findall(r"[a-z_]+", mistake))
    return [one for one in (setting, *(f"{setting}.{word}" for word in told)) if one in sources]


def _place(names: Sequence[str], file: Path, sources: Mapping[str, str]) -> str:
    """Where settings stand: environment variables, and a line of the file."""
    places = [sources[one] for one in names if sources[one] not in {"default", file.name}]
    written = [one for one in names if sources[one] == file.name]
    if written or not places:
        line = next((line for one in written if (line := line_of(file, *one.split(".")))), None)
        places.append(f"{file}{f':{line}' if line else ''}")
    return f"{' and '.join(places)}: "


def _is_web_address(text: str, *, query: bool = False) -> bool:
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return False
    rest = r"(\?[^\s#]*)?" if query else ""
    return bool(host and re.fullmatch(rf"https?://[^/\s?#]+(/[^\s?#]*)?{rest}", text))
