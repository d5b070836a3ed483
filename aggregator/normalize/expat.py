"""What makes feedparser faster, and each item its own; of sound documents it finds the same, ids apart.

* Text comes in one piece from expat (``buffer_text``), where it comes in many
  otherwise: a sixth of the whole time went into gluing.
* The base address, the same for nearly every tag, is joined once and not at each.
* Tags without attributes, which most are, get their name from a table at once.
* What is said of a text (its type, language, base) is copied as the flat thing it is.
* Windows-1252 leftovers are looked for before a text is translated sign by sign:
  only texts of plain ASCII were spared that.
* What an item leaves behind ends with it. feedparser miscounts tags in content that is
  declared as text, or named as its own (``<summary>`` in ``<details>``), and then reads
  the next items otherwise, at an earlier one's ``xml:base``.
* An id stays as it was given, where feedparser resolves it against the feed's address.
* What is said of a picture (``media:description``), and a podcast's second summary
  (``itunes:summary``), stand by themselves: feedparser takes them for the text of the item, or
  puts them in the place of its description.
* A person with an address is sought in what a person is written in, not in an article: feedparser's
  expression takes time with the square of a text's length.
* An Atom text that says of itself that it is no HTML (RFC 4287, section 3.1.1.1) has a ``Stated``
  type: what says nothing is none either by that rule, and often is all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from types import SimpleNamespace
from typing import Any
from xml.sax import expatreader

_LEFTOVERS = re.compile("[\x80-\x9f]")
_STATE = (
    "baseuri", "lang", "depth", "incontent", "svgOK", "inimage", "intextinput", "inauthor",
    "incontributor", "inpublisher", "insource", "title_depth", "_summaryKey",
)  # fmt: skip
# feedparser's cost grows with the square of their number, and no element of a feed has so many.
_MOST_ATTRIBUTES = 200
LONGEST_PERSON = 1000
"""Characters in which a name and an address are told apart."""
_STACKS = ("elementstack", "basestack", "langstack")


class BufferedReader(expatreader.ExpatParser):
    def reset(self) -> None:
        super().reset()
        parser: Any = self._parser  # type: ignore[attr-defined]
        parser.buffer_text = True
        parser.buffer_size = 65536

    def start_element_ns(self, name: str, attributes: Mapping[str, str]) -> None:
        handler: Any = self._cont_handler  # type: ignore[attr-defined]
        if len(attributes) > _MOST_ATTRIBUTES:
            attributes = dict(islice(attributes.items(), _MOST_ATTRIBUTES))
        tag = None if attributes or handler.decls else handler.tag_of(name)
        if tag is None:
            super().start_element_ns(name, attributes)
        else:
            handler.unknown_starttag(tag, [])

    def end_element_ns(self, name: str) -> None:
        handler: Any = self._cont_handler  # type: ignore[attr-defined]
        tag = handler.tag_of(name)
        if tag is None:
            super().end_element_ns(name)
        else:
            handler.unknown_endtag(tag)


def create_parser() -> BufferedReader:
    """What ``xml.sax.make_parser`` calls in a module that it was given by name."""
    return BufferedReader()


# What feedparser keeps the finds of several elements under.
_LISTS = (
    "links", "tags", "enclosures", "authors", "contributors", "title_detail", "subtitle_detail",
    "summary_detail", "rights_detail", "author_detail", "publisher_detail", "info_detail",
    "media_description_detail", "itunes_summary_detail", "published_parsed", "updated_parsed",
)  # fmt: skip


class _Text(str):
    """A text that knows when there is nothing to translate in it."""

    __slots__ = ()

    def translate(self, table: Any, /) -> str:
        return str.translate(self, table) if _LEFTOVERS.search(self) else str(self)


class Stated(str):
    """The type of a text that its publisher wrote down, and feedparser did not suppose."""

    __slots__ = ()


def _stating(push_content: Any) -> Any:
    def push(self: Any, tag: str, attributes: Any, default: str, expecting: Any) -> None:
        push_content(self, tag, attributes, default, expecting)
        if attributes.get("type") == "text" and self.version.startswith("atom"):
            self.contentparams["type"] = Stated(self.contentparams["type"])

    return push


def _sparing(sync_author_detail: Any) -> Any:
    def sync(self: Any, key: str = "author") -> None:
        if len(self._get_context().get(key) or "") <= LONGEST_PERSON:
            sync_author_detail(self, key)

    return sync


def _stand_alone(parser: Any, element: str) -> None:
    """Have an element found under its own name; of several in an item the first that says anything."""

    def start(self: Any, attributes: Any) -> None:
        self.push_content(element, attributes, "text/html", 1)

    def end(self: Any) -> None:
        context = self._get_context()
        before = context.get(element), context.get(f"{element}_detail")
        self.pop_content(element)
        if before[0]:
            context[element], context[f"{element}_detail"] = before

    setattr(parser, f"_start_{element}", start)
    setattr(parser, f"_end_{element}", end)


def _has_text(parser: Any, element: str) -> None:
    """Have the text of an element found, whatever attributes it has: of what it does not know
    feedparser keeps these in the place of the text."""
    setattr(parser, f"_start_{element}", lambda self, _attributes: self.push(element, 1))


def _passes(parser: Any, element: str) -> None:
    """Have an element passed over that is called as feedparser calls a list of its own."""
    setattr(parser, f"_start_{element}", lambda _self, _attributes: None)


def _telling_apart(save_author: Any) -> Any:
    def save(self: Any, key: str, value: str, prefix: str = "author") -> None:
        # feedparser has the name of a podcast's owner, often a company, in the place of its author's.
        if prefix == "author":
            save_author(self, key, value)

    return save


def _knows_editors(parser: Any) -> None:
    """Have a channel's editor found for itself: who is responsible for a paper wrote none of it."""

    def start(self: Any, attributes: Any) -> None:
        if self.inentry:
            self._start_author(attributes)
        else:
            self.push("managingeditor", 1)

    def end(self: Any) -> None:
        if self.inentry:
            self._end_author()
        else:
            self.pop("managingeditor")

    parser._start_managingeditor, parser._end_managingeditor = start, end


def _know_elements(parser: Any) -> None:
    _knows_editors(parser)
    for element in ("media_description", "itunes_summary"):
        _stand_alone(parser, element)
    for element in ("ttl", "feedburner_origlink", "sy_updateperiod", "sy_updatefrequency"):
        _has_text(parser, element)
    for element in _LISTS:
        _passes(parser, element)


def hasten(feedparser_api: Any, feedparser_mixin: Any) -> None:
    """Make feedparser use all of this. Once, before the first document."""
    feedparser_api.PREFERRED_XML_PARSERS.insert(0, __name__)
    safe = feedparser_mixin.make_safe_absolute_uri
    feedparser_mixin.make_safe_absolute_uri = lru_cache(maxsize=1024)(safe)
    feedparser_mixin.copy = SimpleNamespace(deepcopy=lambda told: type(told)(told))
    mixin = feedparser_mixin._FeedParserMixin
    mixin._sync_author_detail = _sparing(mixin._sync_author_detail)
    mixin._save_author = _telling_apart(mixin._save_author)
    _know_elements(mixin)
    strict, loose = feedparser_api.StrictFeedParser, feedparser_api.LooseFeedParser
    # A guid stays as it was given. Resolved, "post-1" would be another on each address of its feed.
    strict.can_be_relative_uri = loose.can_be_relative_uri = strict.can_be_relative_uri - {"id"}

    class Hastened(strict):  # type: ignore[misc,valid-type]
        _before: tuple[dict[str, Any], dict[str, int]] | None = None

        @staticmethod
        @lru_cache(maxsize=4096)
        def tag_of(name: str) -> str | None:
            """The tag by which feedparser knows an element; None where it depends on the document."""
            namespace, _, local = name.rpartition(" ")
            prefix = strict._matchnamespaces.get(namespace.lower())
            if prefix is None or local in {"math", "svg"} or "backend.userland" in namespace:
                return None
            return f"{prefix}:{local}".lower() if prefix else local.lower()

        def decode_entities(self, element: str, data: str) -> str:
            return _Text(super().decode_entities(element, data))

        def _start_item(self, attributes: Any) -> None:
            state = {name: getattr(self, name) for name in _STATE}
            self._before = state, {name: len(getattr(self, name)) for name in _STACKS}
            super()._start_item(attributes)

        def _end_item(self) -> None:
            super()._end_item()
            # Not at an end tag of that name within a text.
            if self._before and self.incontent <= 0:
                state, sizes = self._before
                for name, value in state.items():
                    setattr(self, name, value)
                for name, size in sizes.items():
                    del getattr(self, name)[size:]
                self.contentparams.clear()

        _start_entry, _end_entry = _start_item, _end_item
        push_content = _stating(strict.push_content)

    feedparser_api.StrictFeedParser = Hastened
