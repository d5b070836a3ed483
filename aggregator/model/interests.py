"""What a person wants found."""

from __future__ import annotations

from msgspec import Struct

from aggregator.model.person import Person
from aggregator.model.topic import Mute, Topic


class Interests(Struct, frozen=True, kw_only=True):
    """What a person wants found: topics, the people that their queries name, and what no topic
    shows. They mean something together only, and so travel together."""

    topics: tuple[Topic, ...]
    people: tuple[Person, ...]
    mute: Mute
