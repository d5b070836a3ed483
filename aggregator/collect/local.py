"""``file:`` feeds, from folders that a person allowed."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aggregator.collect.rhythm import awaits_end
from aggregator.model.errors import FetchError, RefusedURL
from aggregator.model.feed import FailureKind, Feed, Response
from aggregator.model.settings import CollectSettings


def may_read(url: str, settings: CollectSettings) -> bool:
    """Whether a ``file:`` address is, links followed, in a folder that a person allowed."""
    path = _path(url)
    return any(path.is_relative_to(os.path.realpath(folder)) for folder in settings.allow_files)


def _path(url: str) -> Path:
    return Path(os.path.realpath(unquote(urlsplit(url).path)))


def read_local(feed: Feed, settings: CollectSettings, now: datetime) -> Response:
    """A file as if a server had sent it: 304 where its time is the one we have.

    Raises RefusedURL for a path outside ``collect.allow_files`` (links followed
    first) and for what is no plain file; FetchError.
    """
    parts = urlsplit(feed.fetch_url)
    if parts.netloc not in {"", "localhost"}:
        raise RefusedURL(
            "a file: address names no host", url=feed.url, hint="write file:///folder/feed.xml"
        )
    path = _path(feed.fetch_url)
    if not may_read(feed.fetch_url, settings):
        raise RefusedURL(
            f"{path} is in no folder that collect.allow_files lists",
            url=feed.url,
            hint="add its folder there, in aggregator.toml",
        )
    try:
        # O_NONBLOCK: opening a pipe must not wait for its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise FetchError(
            f"the file cannot be read: {error.strerror}", url=feed.url, kind=FailureKind.FILE
        ) from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise RefusedURL(f"{path} is no plain file", url=feed.url)
    with os.fdopen(descriptor, "rb") as file:
        if about.st_size > settings.max_bytes:
            raise FetchError(
                f"the file is larger than {settings.max_bytes // 2**20} MiB",
                url=feed.url,
                kind=FailureKind.SIZE,
            )
        modified = format_datetime(datetime.fromtimestamp(about.st_mtime, UTC), usegmt=True)
        tag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
        held = None if awaits_end(feed) else feed.validators
        unchanged = held is not None and held.etag == tag
        body = b"" if unchanged else file.read(settings.max_bytes + 1)
    return Response(
        requested=feed.fetch_url,
        url=feed.fetch_url,
        status=304 if unchanged else 200,
        headers=(("ETag", tag), ("Last-Modified", modified)),
        wire=body,
        body=body,
        started=now,
        seconds=0.0,
    )
