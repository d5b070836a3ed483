"""An OPML document as a tree of outlines: what stands in it, by any letter case, and where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aggregator.config.missing import mend_of_missing
from aggregator.config.values import parse_duration
from aggregator.model.address import canonical_url, plain_place
from aggregator.model.errors import ConfigError, UsageError
from aggregator.model.settings import MINUTE

# A name with a dot, or one with a port, and a path or none; or this machine.
_FILES = (".xml", ".rss", ".atom", ".json", ".opml", ".html")
_HOST = re.compile(
    r"([^\s/:@?#]+\.[^\s/:@?#]+(:\d+)?|localhost|[^\s/:@?#]+:\d+)([/?]\S*)?", re.IGNORECASE
)
_WEB = re.compile("https?://", re.IGNORECASE)
OURS = INTERVAL, PAUSED, FULL_TEXT = "aggregatorInterval", "aggregatorPaused", "aggregatorFullText"
"""Attributes of our own on an outline: "15m", "true", "true"."""


def open_outlines(file: Path, *, missing: str = "") -> Any:
    """The tree of an OPML file; ``missing`` is the mend where the file is not there."""
    try:
        return read_outlines(file.read_bytes(), file)
    except FileNotFoundError:
        hint = missing or mend_of_missing(file)
        raise ConfigError("the file is not there", file=str(file), hint=hint) from None
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", file=str(file)) from None


def read_outlines(data: bytes, file: Path | str) -> Any:
    # lxml keeps comments, order and what we do not know; DTDs and entities are never followed.
    from lxml import etree

    if not data.strip():
        hint = 'the least that it holds is <opml version="2.0"><body/></opml>'
        raise ConfigError("the file is empty", file=str(file), hint=hint)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise ConfigError(
            f"this is no XML: {error.msg}",
            file=str(file),
            line=error.lineno,
            hint=_mend_of_xml(error.msg.lower()),
        ) from None
    if etree.QName(root).localname.lower() != "opml":
        raise ConfigError(
            "this is XML, but no OPML", file=str(file), hint="its first element must be <opml>"
        )
    return root


def outlines_in(root: Any) -> list[tuple[Any, tuple[str, ...]]]:
    """Every outline with the names of the outlines it stands in, in document order."""
    found: list[tuple[Any, tuple[str, ...]]] = []
    pending: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    while pending:
        element, folders = pending.pop()
        inside = folders
        if element.tag == "outline":
            found.append((element, folders))
            name = folder_of(element)
            inside = (*folders, name) if name else folders
        children = [
            (child, inside)
            for child in element
            if isinstance(child.tag, str) and child.tag in {"body", "outline"}
        ]
        pending.extend(reversed(children))
    return found


def folder_of(outline: Any) -> str:
    """The name of an outline that is a folder; "" of a feed, and of a folder without a name."""
    if attribute(outline, "xmlUrl"):
        return ""
    return attribute(outline, "title") or attribute(outline, "text")


def attribute(outline: Any, name: str) -> str:
    """An attribute by any letter case, stripped; "" where absent."""
    value = outline.get(name)
    if value is None:
        wanted = name.lower()
        value = next((held for key, held in outline.attrib.items() if key.lower() == wanted), "")
    return str(value).strip()


def lacks_address(outline: Any) -> bool:
    """Whether it looks like a feed, but has no xmlUrl: a line that was cut or mistyped."""
    if attribute(outline, "xmlUrl") or len(outline):
        return False
    return attribute(outline, "type").lower() in {"rss", "atom", "feed", "rdf", "json"}


def _mend_of_xml(mistake: str) -> str:
    if "entity" in mistake:
        return "an & in an address is written &amp;"
    return (
        "a feed's line ends in />, a folder's further down in </outline>"
        if "tag" in mistake
        else ""
    )


def said_by(outline: Any) -> str:
    """What a line that is no feed says: its name, or where it leads."""
    return next(filter(None, (attribute(outline, name) for name in ("title", "text", "url"))), "")


def is_inclusion(outline: Any) -> bool:
    """Whether it stands for a list elsewhere (OPML 2.0), and is no feed and no folder."""
    return attribute(outline, "type").lower() == "include" and not attribute(outline, "xmlUrl")


def is_address(url: str) -> bool:
    """Whether a feed may be there: a file, or a web address with a host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme == "file" or (parts.scheme in {"http", "https"} and bool(host))


def refused_address(url: str) -> UsageError:
    """What is told of one at which no feed may be, with what was meant where only https:// lacks."""
    whole = f"https://{url}"
    host = urlsplit(f"//{url}").netloc.partition(":")[0]
    if not host.strip("0123456789.") or "." not in host:
        # A number, or a name of one word, is a machine at home.
        whole = f"http://{url}"
    named = not (host == url and host.endswith(_FILES))
    near = named and bool(_HOST.fullmatch(url)) and is_address(whole)
    mend = f"write {whole}" if near else "give the feed's own address, with http:// or https://"
    return UsageError(f"{url} is no http, https or file address", hint=mend)


def title_of(outline: Any, url: str) -> str:
    """The name a person gave the feed; OPML wants one, so that an address alone, as one that the
    feed has left, is none."""
    title = attribute(outline, "title") or attribute(outline, "text")
    return "" if title == url or is_address(title) else title


def switch_of(outline: Any, name: str) -> tuple[bool, str]:
    """Whether an attribute of ours says "true", and what is wrong where it says neither that nor
    "false"."""
    text = attribute(outline, name)
    if text.lower() in {"", "true", "false"}:
        return text.lower() == "true", ""
    wrong = f'{name}: {text} is neither "true" nor "false"'
    return False, f"{wrong}; the feed is collected as if the switch were not there"


def unknown_in(outline: Any) -> list[str]:
    """What is wrong with attributes that begin as ours do, and are none."""
    ours = {name.lower() for name in OURS}
    begun = (str(name) for name in outline.attrib if str(name).lower().startswith("aggregator"))
    unknown = (name for name in begun if name.lower() not in ours)
    return [f"{name} is no attribute of ours ({', '.join(OURS)})" for name in unknown]


def interval_of(outline: Any) -> tuple[int | None, str]:
    text = attribute(outline, INTERVAL)
    if not text:
        return None, ""
    try:
        seconds = int(parse_duration(text))
    except ValueError as error:
        return None, f"{INTERVAL}: {error}; the attribute is left out"
    if seconds < MINUTE:
        return MINUTE, f"{INTERVAL}: {text} is too short; a minute is taken, the least"
    return seconds, ""


def web_address(url: str) -> str:
    """The address that one of the scheme "feed" means: feed://host/x, feed:https://host/x."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() != "feed":
        return url
    if rest.startswith("//"):
        rest = rest.removeprefix("//")
        return rest if _WEB.match(rest) else f"http://{rest}"
    return rest if _WEB.match(rest) else url


def find(root: Any, url: str) -> Any:
    """The outline of the feed at this address; None where there is none. Two lines that differ by
    dot segments alone are two feeds to the archive: the one of this very form comes first."""
    held = [
        (outline, attribute(outline, "xmlUrl"))
        for outline, _ in outlines_in(root)
        if attribute(outline, "xmlUrl")
    ]
    for form in (canonical_url, plain_place):
        wanted = form(url)
        for outline, address in held:
            if form(address) == wanted:
                return outline
    return None
