"""Who wrote an item: as it says itself, else the feed it was taken from, else its feed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from aggregator.normalize.characters import key, line
from aggregator.normalize.expat import LONGEST_PERSON
from aggregator.normalize.item import Head

# Between two people of one element, who each have an address.
_PEOPLE = re.compile(r"(?<=[)>])\s*(?:[,;&/]|\band\b)\s*")
_ADDRESSES = re.compile(r"[^\s,;@]+@[^\s,;@]+(?:[,;]\s*[^\s,;@]+@[^\s,;@]+)+")
# What feedparser makes of "jane@site.media (Jane)" and "Jane (jane@site.media)": it takes no more
# than four letters of "media" for the address, the rest and one bracket for the name.
_REST_FIRST = re.compile(r"[A-Za-z]{1,20}\s*\(([^()]+)")
_REST_LAST = re.compile(r"([^()<>]*[^()<>\s])\s(?:\([A-Za-z]{1,20}|<[A-Za-z]{1,20}>)")
# No sign may belong to two of their parts: what can be told apart in many ways takes long. Mastodon's
# addresses begin with an @.
_ADDRESS = r"(?:mailto:)?@?[^\s@()<>]+@[^\s@()<>]+"
_MAIL_FIRST = re.compile(rf"<?{_ADDRESS}>?\s*\((.+)\)\s*", re.DOTALL)
_MAIL_LAST = re.compile(rf"(.*?[^\s(<])\s*[(<]{{1,2}}{_ADDRESS}[)>]{{1,2}}\s*", re.DOTALL)
# What programs write where nobody told them who writes the feed: their own names, or a role's.
_NOBODY = {
    "admin", "administrator", "anonymous", "author", "author unknown", "blogger", "default", "drupal",
    "editor", "hidden", "jekyll", "joomla", "joomla!", "mediawiki", "moderator", "no author",
    "no-reply", "nobody", "none", "noreply", "root", "site admin", "squarespace", "tumblr", "typo3",
    "unknown", "unknown author", "user", "webmaster", "wix", "wordpress", "wordpress.com", "wordpress.org",
}  # fmt: skip
_VERSION = re.compile(r"\s+v?\d[\d.]*$")


def named(holder: Any) -> tuple[str, ...]:
    """The names in what feedparser found of an item, a feed or a source; an address only where there
    is no name. feedparser's own cut of "mail (name)" fails on long top-level domains, and where one
    element names several."""
    people = [one for one in holder.get("authors", ()) if one]
    whole = holder.get("author") or ""
    if len(whole) > LONGEST_PERSON:
        return (whole,)
    if len(people) <= 1 and whole:
        return _people(whole)
    names = (_name(one.get("name"), one.get("email")) for one in people)
    return tuple(dict.fromkeys(name for name in names if name))


def _people(whole: str) -> tuple[str, ...]:
    """Whom one element names: several only where each has an address."""
    if _ADDRESSES.fullmatch(whole):
        return tuple(re.split(r"[,;]\s*", whole))
    found = [_named(one) for one in _PEOPLE.split(whole)]
    if all(found):
        return tuple(dict.fromkeys(found))
    return (_named(whole) or whole,)


def _named(person: str) -> str:
    """The name in "mail (name)" and "name (mail)"; "" where it is written in another way."""
    found = _MAIL_FIRST.fullmatch(person) or _MAIL_LAST.fullmatch(person)
    name = found.group(1) if found else ""
    # The first bracket closes what was opened before: two people, of whom one has no address.
    return "" if "@" in name or ")" in name.partition("(")[0] else name


def _name(name: str | None, mail: str | None) -> str | None:
    if name and mail and len(mail.rpartition(".")[2]) == 4:
        found = _REST_FIRST.fullmatch(name) or _REST_LAST.fullmatch(name)
        return found.group(1) if found else name
    return name or mail


def distinct(texts: Sequence[str]) -> tuple[str, ...]:
    """Names as plain lines, each once, whatever their case."""
    found: dict[str, str] = {}
    for text in texts:
        name = line(text)
        if name:
            found.setdefault(key(name), name)
    return tuple(found.values())


def of_feed(head: Head, url: str) -> tuple[str, ...]:
    """The authors that a feed gives to items without one."""
    hosts = (urlsplit(address).hostname or "" for address in (head.home, url))
    return inherited(head.authors, (head.title, *hosts))


def inherited(authors: Sequence[str], places: Iterable[str]) -> tuple[str, ...]:
    """Of the authors of a feed those that tell a reader more than what it is called, by ``places``:
    no repeated title, no address, no program's name."""
    if not authors:
        return ()
    said = {_bare(place) for place in places}
    return tuple(name for name in distinct(authors) if _is_name(name) and _bare(name) not in said)


def _is_name(name: str) -> bool:
    folded = _VERSION.sub("", key(name).strip("()[]<>- "))
    return folded not in _NOBODY and "@" not in name and "://" not in name and _has_letter(name)


def _has_letter(name: str) -> bool:
    return any(map(str.isalpha, name))


def _bare(name: str) -> str:
    return key(line(name)).removeprefix("www.")


def same(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two bylines read the same, whatever their case and order."""
    return sorted(map(key, some)) == sorted(map(key, others))
