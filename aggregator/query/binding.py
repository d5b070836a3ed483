"""What a query cannot know by itself: other topics' queries, and people.toml."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.person import Person
from aggregator.query.mistakes import MistakeError
from aggregator.query.names import as_called
from aggregator.query.tree import And, InField, Named, Node, Not, Or, Reference, leaves

MAX_CHAIN = 20
"""Topics that refer to each other one after the other."""
MAX_BOUND = 4000
"""Words of a query with those of all topics that it refers to."""

People = Mapping[str, tuple[Person, ...]]
"""The people of people.toml by name and by alias, as names compare: see :func:`by_name`."""


def by_name(people: Sequence[Person]) -> People:
    """The people by each name that a query may give; where a name is meant, no alias is."""
    found: dict[str, tuple[Person, ...]] = {}
    for person in people:
        for alias in {as_called(alias) for alias in person.aliases}:
            found[alias] = (*found.get(alias, ()), person)
    return found | {as_called(person.name): (person,) for person in people}


class Source(Protocol):
    """A topic's query as far as binding goes."""

    @property
    def text(self) -> str: ...
    @property
    def tree(self) -> Node: ...


class Bound(Struct, frozen=True, kw_only=True):
    """A tree with nothing left to look up, and ``rests``: what its meaning rests on besides its own
    words, by clause."""

    tree: Node
    rests: Mapping[str, str]


class Binder:
    """Puts in place what queries refer to. Topics that many refer to are bound once."""

    def __init__(self, topics: Mapping[str, Source], people: People) -> None:
        self._topics, self._people = topics, people
        self._done: dict[str, Bound] = {}

    def bind(self, tree: Node, path: tuple[str, ...]) -> Bound:
        """``path``: the topics on the way here. Raises MistakeError at the clause that is wrong."""
        rests: dict[str, str] = {}
        bound = self._bind(tree, path, rests)
        if sum(1 for _ in leaves(bound)) > MAX_BOUND:
            raise MistakeError(
                f"more than {MAX_BOUND} words with all topics it refers to",
                next(leaves(tree))[1].column,
                "refer to fewer topics",
            )
        return Bound(tree=bound, rests=rests)

    def _bind(self, node: Node, path: tuple[str, ...], rests: dict[str, str]) -> Node:
        match node:
            case And(parts=parts) | Or(parts=parts):
                return replace(node, parts=tuple(self._bind(one, path, rests) for one in parts))
            case Not(part=part) | InField(part=part):
                return replace(node, part=self._bind(part, path, rests))
            case Named(text=text):
                person, *others = self._people.get(as_called(text), (node.person,))
                if others:
                    names = " and ".join(one.name for one in (person, *others))
                    mend = f'write person:"{person.name}"'
                    raise MistakeError(f"{names} are called {text} too", node.column, mend)
                rests[f"person:{text}"] = repr(person)
                return replace(node, person=person)
            case Reference(text=name):
                found = self._topic(node, path)
                rests.update({f"topic:{name}": self._topics[name].text, **found.rests})
                return found.tree
            case _:
                return node

    def _topic(self, node: Reference, path: tuple[str, ...]) -> Bound:
        name = node.text
        if name not in self._topics:
            near = difflib.get_close_matches(name, sorted(set(self._topics) - set(path)), 1, 0.5)
            mend = f"did you mean topic:{near[0]}?" if near else "aggregator topics list shows them"
            raise MistakeError(f"there is no topic {name}", node.column, mend)
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise MistakeError(
                f"topics refer to each other in a circle: {circle}",
                node.column,
                "take one of the references out",
            )
        if len(path) > MAX_CHAIN:
            raise MistakeError(
                f"more than {MAX_CHAIN} topics refer to each other in a row",
                node.column,
                "write some of them out",
            )
        if name not in self._done:
            try:
                self._done[name] = self.bind(self._topics[name].tree, (*path, name))
            except MistakeError as error:
                # The column is that of the reference, which stands in the reader's own query.
                raise MistakeError(error.what, node.column, error.hint) from None
        return self._done[name]
