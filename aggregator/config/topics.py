"""topics.toml: one table a topic, its key the slug."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from aggregator.config.toml import line_of, read_toml
from aggregator.model.errors import ConfigError
from aggregator.model.person import Person
from aggregator.model.topic import Collapse, Detail, Topic
from aggregator.query import Bindings, by_name, parse

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_CHOICES: dict[str, type[Collapse | Detail]] = {"collapse": Collapse, "detail": Detail}
_LISTS = {"include", "exclude", "languages", "must", "must_not"}


def read_topics(file: Path, people: Sequence[Person] = ()) -> tuple[Topic, ...]:
    """The topics in order of the file, their queries understood and what they refer to found.

    Raises ConfigError, QueryError.
    """
    data = read_toml(file, hint='a query stands in quotes; inside them a quote is written \\"')
    topics = tuple(
        _topic(slug, table, file) for slug, table in data.items() if not slug.startswith("_")
    )
    queries = {topic.slug: parse(topic.query) for topic in topics}
    bindings = Bindings(queries, by_name(people))
    for slug, query in queries.items():
        if query.refers:
            line = line_of(file, slug, "query")
            bindings.bind(query, name=slug, file=str(file), key=f"{slug}.query", line=line)
    return topics


def _topic(slug: str, table: Any, file: Path) -> Topic:
    def refuse(what: str, key: str = "", hint: str = "") -> ConfigError:
        line = line_of(file, slug, key) or line_of(file, slug)
        return ConfigError(
            what, file=str(file), key=f"{slug}.{key}" if key else slug, line=line, hint=hint
        )

    if slug == "mute":
        raise refuse(
            "muting is not there yet", hint="take [mute] out; use NOT in the topics' queries"
        )
    if not isinstance(table, dict):
        raise refuse("a topic is a table", hint=f'write [{slug}], then title = "…" and query = "…"')
    if not _SLUG.fullmatch(slug):
        raise refuse("a topic's name is its address", hint="small letters a-z, digits and - only")
    known = {one.name for one in fields(Topic)} - {"slug"}
    values: dict[str, Any] = {"slug": slug, "title": slug}
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), 1, 0.5)
            raise refuse(
                "there is no such key",
                key,
                f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}",
            )
        try:
            values[key] = _value(key, value)
        except ValueError as error:
            raise refuse(str(error), key) from None
    if not values.get("query"):
        raise refuse("a topic needs a query", hint='write query = "word AND word"')
    parse(
        values["query"],
        file=str(file),
        key=f"{slug}.query",
        line=line_of(file, slug, "query"),
    )
    return Topic(**values)


def _value(key: str, value: Any) -> Any:
    if key in _CHOICES:
        kind = _CHOICES[key]
        if value not in {one.value for one in kind}:
            raise ValueError(f"takes one of {', '.join(one.value for one in kind)}")
        return kind(value)
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError("takes a list of texts")
        return tuple(value)
    if key == "minimum_length":
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError("takes a number of characters")
        return value
    if not isinstance(value, str):
        raise ValueError("takes a text in quotes")
    return value
