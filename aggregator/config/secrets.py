"""secrets.toml: log-in, headers and proxy of single feeds. The file may be absent.

One table a feed, its key the feed's URL. Nothing of what stands in it is in a
message, so that no log shows it.
"""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aggregator.config.outlines import is_address
from aggregator.config.toml import line_of, read_toml
from aggregator.model.address import canonical_url, shown_url
from aggregator.model.errors import ConfigError
from aggregator.model.feed import Access

_KEYS = ("username", "password", "proxy", "headers")
# What a header's name may be (RFC 9110, 5.1); ours to write are those that the answer hangs on.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {
    "accept-encoding", "a-im", "connection", "content-length", "cookie", "host", "if-modified-since",
    "if-none-match", "range", "referer", "transfer-encoding",
}  # fmt: skip
_Refuse = Callable[[str, str], ConfigError]


def read_secrets(
    file: Path, addresses: Collection[str] = ()
) -> tuple[dict[str, Access], tuple[str, ...]]:
    """What a person gave for feeds, by canonical URL, and warnings: of what others may read, and,
    where the ``addresses`` of all feeds are given, of what none of them has. Raises ConfigError."""
    if not file.exists():
        return {}, ()
    hint = 'a feed\'s URL stands in quotes: ["https://example.org/feed.xml"]'
    try:
        data = read_toml(file, hint=hint)
    except ConfigError as error:
        # A parser's own words may quote the line.
        raise ConfigError("this is no TOML", file=str(file), line=error.line, hint=hint) from None
    found = {canonical_url(url): _access(url, table, file) for url, table in data.items()}
    open_to_others = file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    warning = f"{file}: others on this machine may read it; chmod 600 {file.name} keeps it to you"
    strays = _strays(file, data, addresses) if addresses else ()
    return found, (*((warning,) if open_to_others else ()), *strays)


def _strays(file: Path, urls: Iterable[str], addresses: Collection[str]) -> Iterator[str]:
    """A warning for each address that no feed has: nothing is asked with what is given for it."""
    known = {canonical_url(url): url for url in addresses}
    for url in urls:
        if (canonical := canonical_url(url)) in known:
            continue
        near = difflib.get_close_matches(canonical, known, 1, 0.5)
        mend = f"did you mean {shown_url(known[near[0]])}?" if near else "aggregator feeds list"
        line = line_of(file, url)
        place = f"{file}:{line}" if line else str(file)
        yield f"{place}: no feed has the address {shown_url(url)} ({mend})"


def edited_at(file: Path) -> datetime:
    """When a file was written, or put in place, last. (A copy may keep the time of its contents.)"""
    return datetime.fromtimestamp(file.stat().st_ctime, UTC)


def _access(url: str, table: Any, file: Path) -> Access:
    def refuse(what: str, key: str = "") -> ConfigError:
        line = line_of(file, url, key) or line_of(file, url) or line_of(file, "", url)
        place = f"{shown_url(url)}.{key}" if key else shown_url(url)
        return ConfigError(what, file=str(file), key=place, line=line)

    if not isinstance(table, dict) or not is_address(url) or urlsplit(url).scheme == "file":
        raise refuse('a table has a feed\'s URL for its name: ["https://example.org/feed.xml"]')
    for key, value in table.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1, 0.5)
            words = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS)}"
            raise refuse(f"there is no such key; {words}", key)
        if key != "headers":
            _check_text(value, key, refuse)
    return Access(
        headers=_read_headers(table.get("headers", {}), refuse),
        username=table.get("username", ""),
        password=table.get("password", ""),
        proxy=_read_proxy(table.get("proxy", ""), refuse),
    )


def _check_text(value: Any, key: str, refuse: _Refuse) -> None:
    if not isinstance(value, str) or re.search("[\x00-\x1f\x7f]", value):
        raise refuse("takes a text in quotes, on one line", key)


def _read_headers(table: Any, refuse: _Refuse) -> tuple[tuple[str, str], ...]:
    if not isinstance(table, Mapping):
        raise refuse('takes a table: headers = { X-Key = "…" }', "headers")
    for name, value in table.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise refuse(f"{name!r} is no header that can be set", "headers")
        _check_text(value, "headers", refuse)
    return tuple(table.items())


def _read_proxy(text: str, refuse: _Refuse) -> str:
    try:
        parts = urlsplit(text)
        right = not text or (parts.scheme == "http" and bool(parts.hostname))
    except ValueError:
        right = False
    if not right:
        raise refuse("takes an HTTP proxy: http://127.0.0.1:3128", "proxy")
    return text
