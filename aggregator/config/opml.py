"""feeds.opml: read as people have it, edited without losing what we do not understand."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from aggregator.config.values import parse_duration
from aggregator.model.address import canonical_url
from aggregator.model.errors import ConfigError, UsageError
from aggregator.model.feed import Subscription
from aggregator.model.inclusion import Inclusion

INTERVAL, PAUSED, FULL_TEXT = "aggregatorInterval", "aggregatorPaused", "aggregatorFullText"
"""Attributes of our own on an outline: "15m", "true", "true"."""

# So many lines that are there twice are named each; in a list of thousands they are no news.
_NAMED = 3
_LIST = "include "
# What XML 1.0 cannot hold at all.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ADDRESS = re.compile(
    rb"""<!--.*?-->|(?P<name>\sxmlUrl\s*=\s*)(?P<mark>["'])(?P<value>.*?)(?P=mark)""",
    re.IGNORECASE | re.DOTALL,
)
_EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head>\n    <title>Feeds</title>\n  </head>\n  <body>\n  </body>\n</opml>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import brought: URLs added; URLs there already, each with the one that was there;
    (URL or line, why) refused."""

    added: tuple[str, ...]
    known: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, str], ...]


def read_inclusions(file: Path) -> tuple[tuple[Inclusion, ...], tuple[str, ...]]:
    """The lists that an OPML file includes by address, in order, each once; and warnings.

    Raises ConfigError where the file is no OPML at all.
    """
    found: dict[str, Inclusion] = {}
    warnings: list[str] = []
    for outline, folders in _outlines(_parse(file)):
        if not _is_inclusion(outline):
            continue
        url, where = _attribute(outline, "url"), f"{file}:{outline.sourceline}"
        if not _is_address(url):
            warnings.append(f"{where}: {url!r} is no address of a list; the line is left out")
            continue
        interval, problem = _interval(outline)
        if problem:
            warnings.append(f"{where}: {problem}")
        name = _attribute(outline, "title") or _attribute(outline, "text")
        inside = (*folders, name) if name and name != url else folders
        found.setdefault(url, Inclusion(url=url, folders=inside, interval=interval))
    return tuple(found.values()), tuple(warnings)


def subscriptions_of(data: bytes, url: str) -> tuple[Subscription, ...]:
    """The subscriptions of an OPML document from elsewhere. Raises ConfigError where it is no OPML.

    Left out is what cannot be used, files of ours and further lists; how often a feed is asked,
    and in what way, is for the person here to say.
    """
    found, _ = _subscriptions(_parse_bytes(data, url), url)
    return tuple(
        replace(one, interval=None, paused=False, full_text=False)
        for one in found
        if not one.url.lower().startswith("file:")
    )


def read_subscriptions(file: Path) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    """The subscriptions of an OPML file in order, each canonical URL once, and warnings.

    A line that cannot be used is a warning and stops no other. Raises ConfigError
    where the file is no OPML at all.
    """
    return _subscriptions(_parse(file), str(file))


def _subscriptions(root: Any, name: str) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    found: dict[str, Subscription] = {}
    warnings: list[str] = []
    twice: list[str] = []
    for outline, folders in _outlines(root):
        url = _attribute(outline, "xmlUrl")
        where = f"{name}:{outline.sourceline}"
        if not url:
            continue
        if not _is_address(url):
            warnings.append(
                f"{where}: {url} is no http, https or file address; the line is left out"
            )
            continue
        canonical = canonical_url(url)
        if canonical in found:
            there = found[canonical].url
            named = "is there already" + (f" as {there}" if there != url else "")
            twice.append(f"{where}: {url} {named}; the line is left out")
            continue
        interval, problem = _interval(outline)
        if problem:
            warnings.append(f"{where}: {problem}")
        found[canonical] = Subscription(
            url=url,
            title=_title(outline, url),
            folders=folders,
            home=_attribute(outline, "htmlUrl"),
            lang=_attribute(outline, "language"),
            interval=interval,
            paused=_attribute(outline, PAUSED).lower() == "true",
            full_text=_attribute(outline, FULL_TEXT).lower() == "true",
        )
    if (more := len(twice) - _NAMED) > 0:
        twice[_NAMED:] = [f"{name}: {more} more lines name feeds that are there already"]
    return tuple(found.values()), (*warnings, *twice)


def add_subscription(file: Path, one: Subscription, *, dry_run: bool = False) -> bool:
    """Add a line for a feed, in its folder; False where its URL is there already."""
    root = _parse(file) if file.exists() else _parse_bytes(_EMPTY, file)
    if not _is_address(one.url):
        raise UsageError(
            f"{one.url} is no http, https or file address", hint="give the feed's own address"
        )
    if _find(root, one.url) is not None:
        return False
    _insert(root, one)
    if not dry_run:
        _save(file, root)
    return True


def remove_subscription(file: Path, url: str, *, dry_run: bool = False) -> Subscription:
    """Take a feed's line out; returns what it was. Raises UsageError where there is none."""
    root = _parse(file)
    outline = _find(root, url)
    if outline is None:
        import difflib

        urls = {canonical_url(_attribute(one, "xmlUrl")): one for one, _ in _outlines(root)}
        near = [
            _attribute(urls[name], "xmlUrl")
            for name in difflib.get_close_matches(canonical_url(url), urls, 1, 0.8)
        ]
        raise UsageError(
            f"no feed with the address {url} is in feeds.opml",
            hint=f"did you mean {near[0]}?" if near else "aggregator feeds list shows addresses",
        )
    held = _attribute(outline, "xmlUrl")
    taken = Subscription(url=held, title=_title(outline, held))
    parent = outline.getparent()
    previous = outline.getprevious()
    if previous is not None and outline.getnext() is None:
        previous.tail = outline.tail
    parent.remove(outline)
    if not dry_run:
        _save(file, root)
    return taken


def readdress(file: Path, moves: Mapping[str, str], *, dry_run: bool = False) -> tuple[str, ...]:
    """Write new addresses (by the old ones) into the file; every other byte stays as it is.

    Returns the old addresses that were found. Raises ConfigError.
    """
    _parse(file)
    data, found = file.read_bytes(), list[str]()

    def moved(match: re.Match[bytes]) -> bytes:
        if match["name"] is None:
            return match.group()
        held = unescape(match["value"].decode("utf-8", "surrogateescape")).strip()
        if held not in moves:
            return match.group()
        found.append(held)
        mark = match["mark"].decode()
        fresh = escape(moves[held], {mark: "&quot;" if mark == '"' else "&apos;"})
        return match["name"] + match["mark"] + fresh.encode() + match["mark"]

    # A file in another encoding than one that has ASCII in it is left alone: nothing fits.
    written = _ADDRESS.sub(moved, data)
    if found and not dry_run:
        _parse_bytes(written, file)
        _write(file, written)
    return tuple(found)


def import_opml(file: Path, source: Path, *, dry_run: bool = False) -> ImportReport:
    """Add the feeds of another OPML file, with their folders, titles and own attributes."""
    root = _parse(file) if file.exists() else _parse_bytes(_EMPTY, file)
    held: dict[str, str] = {}
    for one, _ in _outlines(root):
        if _attribute(one, "xmlUrl"):
            held.setdefault(canonical_url(_attribute(one, "xmlUrl")), _attribute(one, "xmlUrl"))
    added, known, refused = [], [], []
    held |= {_LIST + _attribute(one, "url"): "" for one, _ in _outlines(root) if _is_inclusion(one)}
    for outline, folders in _outlines(_parse(source, missing="name an OPML file that is there")):
        listed = _is_inclusion(outline)
        url = _attribute(outline, "url" if listed else "xmlUrl")
        if not url:
            continue
        canonical = _LIST + url if listed else canonical_url(url)
        if not _is_address(url):
            refused.append((url, f"line {outline.sourceline}: no http, https or file address"))
        elif canonical in held:
            known.append((url, held[canonical] or url))
        else:
            held[canonical] = url
            added.append(url)
            around = [dict(one.attrib) for one in outline.iterancestors("outline") if _folder(one)]
            around.reverse()
            _insert(root, Subscription(url=url, folders=folders), dict(outline.attrib), around)
    if added and not dry_run:
        _save(file, root)
    return ImportReport(added=tuple(added), known=tuple(known), refused=tuple(refused))


def export_opml(file: Path) -> bytes:
    """The subscriptions as OPML, as they stand in the file. Raises ConfigError where it is none."""
    _parse(file)
    return file.read_bytes()


def _parse(file: Path, *, missing: str = "") -> Any:
    """The tree of an OPML file; ``missing`` is the mend where the file is not there."""
    try:
        return _parse_bytes(file.read_bytes(), file)
    except FileNotFoundError:
        hint = missing or f"aggregator init {file.parent} writes it"
        raise ConfigError("the file is not there", file=str(file), hint=hint) from None
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", file=str(file)) from None


def _parse_bytes(data: bytes, file: Path | str) -> Any:
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
            hint="an & in an address is written &amp;",
        ) from None
    if etree.QName(root).localname.lower() != "opml":
        raise ConfigError(
            "this is XML, but no OPML", file=str(file), hint="its first element must be <opml>"
        )
    return root


def _outlines(root: Any) -> list[tuple[Any, tuple[str, ...]]]:
    """Every outline with the names of the outlines it stands in, in document order."""
    found: list[tuple[Any, tuple[str, ...]]] = []
    pending: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    while pending:
        element, folders = pending.pop()
        inside = folders
        if element.tag == "outline":
            found.append((element, folders))
            name = _folder(element)
            inside = (*folders, name) if name else folders
        children = [
            (child, inside)
            for child in element
            if isinstance(child.tag, str) and child.tag in {"body", "outline"}
        ]
        pending.extend(reversed(children))
    return found


def _folder(outline: Any) -> str:
    """The name of an outline that is a folder; "" of a feed, and of a folder without a name."""
    if _attribute(outline, "xmlUrl"):
        return ""
    return _attribute(outline, "title") or _attribute(outline, "text")


def _attribute(outline: Any, name: str) -> str:
    """An attribute by any letter case, stripped; "" where absent."""
    value = outline.get(name)
    if value is None:
        wanted = name.lower()
        value = next((held for key, held in outline.attrib.items() if key.lower() == wanted), "")
    return str(value).strip()


def _is_inclusion(outline: Any) -> bool:
    """Whether it stands for a list elsewhere (OPML 2.0), and is no feed and no folder."""
    return _attribute(outline, "type").lower() == "include" and not _attribute(outline, "xmlUrl")


def _is_address(url: str) -> bool:
    """Whether a feed may be there: a file, or a web address with a host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme == "file" or (parts.scheme in {"http", "https"} and bool(host))


def _title(outline: Any, url: str) -> str:
    """The name a person gave the feed; OPML wants one, so that its address alone is none."""
    title = _attribute(outline, "title") or _attribute(outline, "text")
    return "" if title == url else title


def _interval(outline: Any) -> tuple[int | None, str]:
    text = _attribute(outline, INTERVAL)
    if not text:
        return None, ""
    try:
        return max(60, int(parse_duration(text))), ""
    except ValueError as error:
        return None, f"{INTERVAL}: {error}; it is left out"


def _find(root: Any, url: str) -> Any:
    wanted = canonical_url(url)
    for outline, _ in _outlines(root):
        held = _attribute(outline, "xmlUrl")
        if held and canonical_url(held) == wanted:
            return outline
    return None


def _insert(
    root: Any,
    one: Subscription,
    attributes: dict[str, str] | None = None,
    around: Sequence[dict[str, str]] = (),
) -> None:
    """A line for a feed in its folders, which are made where they are not there. ``attributes`` and
    ``around``: those of the line and of its folders, outermost first, where they come from another file."""
    from lxml import etree

    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    parent, depth = body, 2
    made = around or [{"text": folder, "title": folder} for folder in one.folders]
    for folder, looks in zip(one.folders, made, strict=True):
        inside = next(
            (
                child
                for child in parent
                if child.tag == "outline"
                and not _attribute(child, "xmlUrl")
                and folder in {_attribute(child, "title"), _attribute(child, "text")}
            ),
            None,
        )
        if inside is None:
            inside = _append(parent, looks, depth)
        parent, depth = inside, depth + 1
    held = {"type": "rss", "text": one.title or one.url, "xmlUrl": one.url}
    given = (("title", one.title), ("htmlUrl", one.home), ("language", one.lang))
    held |= {name: value for name, value in given if value}
    if one.interval:
        held[INTERVAL] = f"{one.interval}s"
    if one.full_text:
        held[FULL_TEXT] = "true"
    _append(parent, attributes or held, depth)


def _append(parent: Any, attributes: dict[str, str], depth: int) -> Any:
    """A new last child, indented as the others are."""
    from lxml import etree

    indent = "\n" + "  " * depth
    if len(parent):
        parent[-1].tail = indent
    else:
        parent.text = indent
    writable = {name: _NO_XML.sub("", value) for name, value in attributes.items()}
    child = etree.SubElement(parent, "outline", writable)
    child.tail = "\n" + "  " * (depth - 1)
    return child


def _save(file: Path, root: Any) -> None:
    """Atomically, with the file before kept as .bak. Raises ConfigError where it cannot be written."""
    from lxml import etree

    _write(file, etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8") + b"\n")


def _write(file: Path, data: bytes) -> None:
    try:
        if file.exists():
            shutil.copy2(file, file.with_name(f"{file.name}.bak"))
        with tempfile.NamedTemporaryFile(
            dir=file.parent, prefix=f".{file.name}.", delete=False
        ) as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        if file.exists():
            shutil.copymode(file, part.name)
        else:
            Path(part.name).chmod(0o644)
        Path(part.name).replace(file)
    except OSError as error:
        raise ConfigError(
            f"the file cannot be written: {error.strerror}",
            file=str(file),
            hint="check its rights and the disk",
        ) from None
