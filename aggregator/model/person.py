"""A person whom queries ask for: how they are called, and what tells them from others."""

from __future__ import annotations

from msgspec import Struct

_PARTICLES = frozenset(
    [
        "af",
        "al",
        "av",
        "bin",
        "da",
        "das",
        "de",
        "dei",
        "del",
        "della",
        "den",
        "der",
        "di",
        "do",
        "dos",
        "du",
        "el",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "mac",
        "o",
        "san",
        "st",
        "ten",
        "ter",
        "van",
        "vom",
        "von",
        "y",
        "zu",
    ]
)


class Person(Struct, frozen=True, kw_only=True):
    """A table of people.toml, or what a name alone tells.

    ``surnames``: the surname in each script that it is written in. ``context``
    and ``others`` may end in ``*``.
    """

    name: str
    aliases: tuple[str, ...] = ()
    surnames: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    """Clubs, roles and colleagues: with one of them in an entry, the surname alone is this person."""
    others: tuple[str, ...] = ()
    """How other bearers of the surname are called, by given name or in full."""


def person_by_name(name: str) -> Person:
    """Whom a name means of whom nothing else is known: the last word is the surname, with the small
    words that belong to it (van Dijk); one word alone is no surname."""
    parts = name.split()
    at = len(parts) - 1
    while at > 1 and parts[at - 1].lower() in _PARTICLES:
        at -= 1
    return Person(name=name, surnames=(" ".join(parts[at:]),) if len(parts) > 1 else ())
