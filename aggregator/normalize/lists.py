"""The numbers that the items of ordered lists have, as HTML counts them."""

from __future__ import annotations

import re

from msgspec import Struct

# Further no list counts, and what is written is read again.
_MOST = 999_999
_START = re.compile(r' start="([+-]?[0-9]{1,6})"')
_VALUE = re.compile(r' value="([+-]?[0-9]{1,6})"')


class OpenList(Struct):
    """A list under way: ``name`` ul or ol, ``following`` the number of the next item."""

    name: str
    following: int = 1
    step: int = 1

    def number(self, attributes: str) -> int | None:
        """The number of the item that opens with these attributes; None in an ul."""
        if self.name == "ul":
            return None
        found = _VALUE.search(attributes) if attributes else None
        number = int(found.group(1)) if found else self.following
        self.following = max(-_MOST, min(number + self.step, _MOST))
        return number


def opened(name: str, attributes: str) -> OpenList:
    """The list that opens with this tag. One that counts down is known by where it starts."""
    found = _START.search(attributes) if attributes and name == "ol" else None
    if not found:
        return OpenList(name)
    return OpenList(name, int(found.group(1)), -1 if " reversed=" in attributes else 1)
