"""feeds.opml, edited without losing what we do not understand."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from html import escape, unescape
from pathlib import Path
from secrets import token_hex
from typing import Any

from msgspec import Struct

from aggregator.config.missing import is_begun
from aggregator.config.outlines import (
    FULL_TEXT,
    INTERVAL,
    attribute,
    find,
    folder_of,
    is_address,
    is_inclusion,
    lacks_address,
    open_outlines,
    outlines_in,
    read_outlines,
    refused_address,
    said_by,
    title_of,
    web_address,
)
from aggregator.model.address import canonical_url, plain_place
from aggregator.model.errors import ConfigError, UsageError
from aggregator.model.feed import Subscription

_LIST = "include "
# What XML 1.0 cannot hold at all.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ADDRESS = re.compile(
    rb"""<!--.*?-->|(?P<name>\sxmlUrl\s*=\s*)(?P<mark>["'])(?P<value>.*?)(?P=mark)""",
    re.IGNORECASE | re.DOTALL,
)
_BEGINNING = re.compile(
    rb"""(?P<mark>\xef\xbb\xbf)?"""
    rb"""(?:<\?xml\s(?:[^>?]*?\sencoding\s*=\s*["'](?P<encoding>[\w.-]+)["'])?[^>?]*\?>\s*)?(?=<[^\0])"""
)
_EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head>\n    <title>Feeds</title>\n  </head>\n  <body>\n  </body>\n</opml>\n'


class ImportReport(Struct, frozen=True, kw_only=True):
    """What an import brought: URLs added, and which of them are lists that are included; URLs there already, each with the one that was there;
    (URL or line, why) refused; (line, what it says) of links, notes and other lines that are no
    feeds."""

    added: tuple[str, ...]
    lists: tuple[str, ...]
    known: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, str], ...]
    others: tuple[tuple[int, str], ...]


def held_address(file: Path, url: str) -> str:
    """How the address of this feed stands in the file; "" where it is not there. Raises UsageError
    where no feed may be at the address."""
    root = _opened(file)
    if not is_address(url):
        raise refused_address(url)
    outline = find(root, url)
    return "" if outline is None else attribute(outline, "xmlUrl")


def add_subscription(file: Path, one: Subscription, *, dry_run: bool = False) -> bool:
    """Add a line for a feed, in its folder; False where its URL is there already."""
    root = _opened(file)
    if not is_address(one.url):
        raise refused_address(one.url)
    if find(root, one.url) is not None:
        return False
    _insert(root, one)
    if not dry_run:
        _save(file, root)
    return True


def _opened(file: Path) -> Any:
    """The outlines; none yet where nothing of a configuration is there. A list that was lost is
    not begun anew: all feeds in it would be asked no more."""
    if file.exists() or is_begun(file.parent):
        return open_outlines(file)
    return read_outlines(_EMPTY, file)


def remove_subscription(file: Path, url: str, *, dry_run: bool = False) -> Subscription:
    """Take a feed's line out; returns what it was. Raises UsageError where there is none."""
    root = open_outlines(file)
    outline = find(root, url)
    if outline is None:
        raise no_such_feed(root, url)
    held = attribute(outline, "xmlUrl")
    taken = Subscription(url=held, title=title_of(outline, held))
    parent = outline.getparent()
    previous = outline.getprevious()
    if previous is not None and outline.getnext() is None:
        previous.tail = outline.tail
    parent.remove(outline)
    if not dry_run:
        _save(file, root)
    return taken


def no_such_feed(root: Any, url: str) -> UsageError:
    """That no line has this address, with the nearest that one has."""
    import difflib

    urls = {canonical_url(attribute(one, "xmlUrl")): one for one, _ in outlines_in(root)}
    near = [
        attribute(urls[name], "xmlUrl")
        for name in difflib.get_close_matches(canonical_url(url), urls, 1, 0.8)
    ]
    return UsageError(
        f"no feed with the address {url} is in feeds.opml",
        hint=f"did you mean {near[0]}?" if near else "aggregator feeds list shows addresses",
    )


def readdress(file: Path, moves: Mapping[str, str], *, dry_run: bool = False) -> tuple[str, ...]:
    """Write new addresses (by the old ones) into the file; every other byte stays as it is.

    Returns the old addresses that were found. Raises ConfigError.
    """
    open_outlines(file)
    data, found = file.read_bytes(), list[str]()

    def moved(match: re.Match[bytes]) -> bytes:
        if match["name"] is None:
            return match.group()
        held = unescape(match["value"].decode("utf-8", "surrogateescape")).strip()
        if held not in moves:
            return match.group()
        found.append(held)
        mark = match["mark"].decode()
        # (xml.sax.saxutils has such an escape, and loads a web client with it.)
        fresh = escape(moves[held], quote=False).replace(mark, f"&#{ord(mark)};")
        # As every encoding that has ASCII in it understands it.
        plain = fresh.encode("ascii", "xmlcharrefreplace")
        return match["name"] + match["mark"] + plain + match["mark"]

    # A file in another encoding than one that has ASCII in it is left alone: nothing fits.
    written = _ADDRESS.sub(moved, data)
    if found and not dry_run:
        read_outlines(written, file)
        write_kept(file, written)
    return tuple(found)


def import_opml(file: Path, source: Path, *, dry_run: bool = False) -> ImportReport:
    """Add the feeds of another OPML file, with their folders, titles and own attributes."""
    root = _opened(file)
    held: dict[str, str] = {}
    for one, _ in outlines_in(root):
        if attribute(one, "xmlUrl"):
            held.setdefault(plain_place(attribute(one, "xmlUrl")), attribute(one, "xmlUrl"))
    added, lists, known, refused, others = [], [], [], [], []
    held |= {_LIST + attribute(one, "url"): "" for one, _ in outlines_in(root) if is_inclusion(one)}
    for outline, folders in outlines_in(
        open_outlines(source, missing="name an OPML file that is there")
    ):
        listed = is_inclusion(outline)
        named = attribute(outline, "url" if listed else "xmlUrl")
        url = named if listed else web_address(named)
        if lacks_address(outline):
            name = attribute(outline, "title") or attribute(outline, "text")
            refused.append((name, f"line {outline.sourceline}: a feed without xmlUrl"))
        elif not (url or len(outline)):
            others.append((outline.sourceline, said_by(outline)))
        if not url:
            continue
        canonical = _LIST + url if listed else plain_place(url)
        if not is_address(url):
            refused.append((named, f"line {outline.sourceline}: no http, https or file address"))
        elif canonical in held:
            known.append((url, held[canonical] or url))
        else:
            held[canonical] = url
            added.append(url)
            lists += [url] if listed else []
            around = [
                dict(one.attrib) for one in outline.iterancestors("outline") if folder_of(one)
            ]
            around.reverse()
            _insert(root, Subscription(url=url, folders=folders), _with(outline, url), around)
    if added and not dry_run:
        _save(file, root)
    return ImportReport(
        added=tuple(added),
        lists=tuple(lists),
        known=tuple(known),
        refused=tuple(refused),
        others=tuple(others),
    )


def _with(outline: Any, url: str) -> dict[str, str]:
    """The attributes of a line, with its address as it was understood ("feed://…")."""
    held: dict[str, str] = dict(outline.attrib)
    feed = (name for name in held if name.lower() == "xmlurl" and held[name].strip() != url)
    return held | dict.fromkeys(feed, url)


def export_opml(file: Path) -> bytes:
    """The subscriptions as OPML, as they stand in the file. Raises ConfigError where it is none."""
    open_outlines(file)
    return file.read_bytes()


def write_opml(file: Path, data: bytes) -> None:
    """Write OPML to a file of the user's, whole or not at all; of files that are there only OPML is
    replaced. Raises UsageError."""
    try:
        if not file.exists() or file.is_file():
            _refuse_other(file)
            # A link goes on leading there.
            write_whole(file.resolve(), data)
        else:
            # A pipe or a device takes what comes.
            file.write_bytes(data)
    except OSError as error:
        what = f"{file} cannot be written: {error.strerror}"
        raise UsageError(what, hint="give another file") from None


def _refuse_other(file: Path) -> None:
    """UsageError where something else than OPML would be lost."""
    if not file.exists() or not (held := file.read_bytes()).strip():
        return
    try:
        read_outlines(held, file)
    except ConfigError:
        what = f"{file} is there, and is no OPML: it is left as it is"
        raise UsageError(what, hint="give another file, or move it away") from None


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
                and not attribute(child, "xmlUrl")
                and folder in {attribute(child, "title"), attribute(child, "text")}
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

    data = file.read_bytes() if file.exists() else _EMPTY
    tree, kept = root.getroottree(), _beginning(data)
    begin, encoding = kept or (b"", "UTF-8")
    written = etree.tostring(tree, encoding=encoding, xml_declaration=kept is None)
    write_kept(file, begin + written + b"\n")


def _beginning(data: bytes) -> tuple[bytes, str] | None:
    """The XML declaration as it stands, b"" where there is none, and the encoding that it names;
    None of a file whose encoding does not begin with ASCII, which is written as UTF-8."""
    found = _BEGINNING.match(data.lstrip())
    if found is None:
        return None
    encoding = "UTF-8" if found["mark"] else (found["encoding"] or b"UTF-8").decode()
    try:
        # Not UTF-7, which writes signs of ASCII otherwise.
        plain = '<?xml&+"~'.encode(encoding) == b'<?xml&+"~'
    except LookupError:
        plain = False
    return (found.group(), encoding) if plain else None


def write_kept(file: Path, data: bytes) -> None:
    """Write feeds.opml, with the file before kept as .bak. Raises ConfigError."""
    try:
        if file.exists():
            shutil.copy2(file, file.with_name(f"{file.name}.bak"))
        # A link stays one, to the file that is written.
        write_whole(file.resolve(), data)
    except OSError as error:
        raise ConfigError(
            f"the file cannot be written: {error.strerror}",
            file=str(file),
            hint="check its rights and the disk",
        ) from None


def write_whole(file: Path, data: bytes) -> None:
    """Write a file under another name beside it first: what is there stays until the new one is whole.
    Raises OSError; nothing is left of it then."""
    part = file.with_name(f".{file.name[:100]}.{token_hex(4)}")
    try:
        with part.open("xb") as written:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
        if file.exists():
            shutil.copymode(file, part)
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
