"""people.toml: one table a person, its key the name. The file may be absent."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from aggregator.config.toml import line_of, read_toml
from aggregator.model.errors import ConfigError
from aggregator.model.person import Person, person_by_name
from aggregator.query import as_called, words

_KEYS = tuple(name for name in Person.__struct_fields__ if name != "name")


def read_people(file: Path) -> tuple[Person, ...]:
    """The people in order of the file; none where there is no file. Raises ConfigError."""
    if not file.exists():
        return ()
    data = read_toml(
        file,
        hint='a name stands in quotes: ["Fernando Torres"], aliases = ["El Niño"]',
        empty='put the people back; where there are to be none, write a comment: "# nobody"',
    )
    people = tuple(_person(name, table, file) for name, table in data.items())
    seen: dict[str, str] = {}
    for person in people:
        twin = seen.setdefault(as_called(person.name), person.name)
        if twin != person.name:
            raise ConfigError(
                f"{person.name} and {twin} are one name",
                file=str(file),
                key=person.name,
                line=line_of(file, person.name),
                hint="put the two tables together",
            )
    return people


def _person(name: str, table: Any, file: Path) -> Person:
    def refuse(what: str, key: str = "", hint: str = "") -> ConfigError:
        line = line_of(file, name, key) or line_of(file, name) or line_of(file, "", name)
        return ConfigError(
            what, file=str(file), key=f"{name}.{key}" if key else name, line=line, hint=hint
        )

    if not isinstance(table, dict):
        near = difflib.get_close_matches(name, _KEYS, 1)
        raise refuse(
            "a person is a table",
            hint=f'write {near[0]} below ["Their Name"]' if near else f'write ["{name}"]',
        )
    if not words(name):
        raise refuse("a name has a letter", hint='write ["Fernando Torres"]')
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1, 0.5)
            raise refuse(
                "there is no such key",
                key,
                f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS)}",
            )
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise refuse("takes a list of texts", key, f'write {key} = ["…", "…"]')
        for one in value:
            _check(one, key, refuse)
        values[key] = tuple(value)
    values.setdefault("surnames", person_by_name(name).surnames)
    return Person(name=name, **values)


def _check(one: str, key: str, refuse: Any) -> None:
    if not words(one):
        raise refuse(f"{one!r} has no letter", key, "take it out")
    if "*" in one and (key not in ("context", "others") or "*" in one[:-1] or len(one) < 4):
        raise refuse(
            f"{one} cannot have its * there",
            key,
            "* stands at the end of a word of three letters or more, in context and others",
        )
