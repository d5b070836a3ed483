"""The output folder: whole files or none, written only when their content changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from aggregator.model.errors import PublishError
from aggregator.publish.site import Site

RENDERING = 1
"""Grows when the same Page gives other bytes: everything is then written again."""
_MARK = ".made-for"
_PART = ".part-"


class Folder:
    """The folder that holds the published documents. Methods raise PublishError."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def stale(self, site: Site) -> bool:
        """Whether all of it must be written again: made for another site, by another rendering,
        or not at all."""
        try:
            return (self._directory / _MARK).read_text(encoding="utf-8") != _mark(site)
        except OSError:
            return True

    def settle(self, site: Site) -> None:
        """Record that everything is written for this site."""
        self.write({_MARK: _mark(site).encode()})

    def lacks(self, path: str) -> bool:
        """Whether a document is missing."""
        return not (self._directory / path).is_file()

    def write(self, documents: Mapping[str, bytes]) -> tuple[str, ...]:
        """Write what is new or different; returns the paths that changed."""
        return tuple(path for path, data in documents.items() if self._write(path, data))

    def write_styles(self) -> tuple[str, ...]:
        """The stylesheets that pages and feeds refer to."""
        folder = files("aggregator.publish").joinpath("templates")
        return self.write(
            {name: folder.joinpath(name).read_bytes() for name in ("style.css", "feed.css")}
        )

    def sweep(self) -> None:
        """Remove what an interrupted write left behind."""
        for part in self._directory.rglob(f"{_PART}*"):
            with contextlib.suppress(OSError):
                part.unlink()

    def _write(self, path: str, data: bytes) -> bool:
        target = self._directory / path
        if ".." in Path(path).parts or Path(path).is_absolute():
            raise PublishError(f"{path} leads out of the output folder", where=str(self._directory))
        try:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                if target.stat().st_size == len(data) and target.read_bytes() == data:
                    return False
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, data)
        except OSError as error:
            raise PublishError(
                f"the output cannot be written: {error.strerror}",
                where=str(target),
                hint="check publish.directory, its rights and the disk; nothing collected is lost",
            ) from None
        return True


def _replace(target: Path, data: bytes) -> None:
    """A reader sees the file before or the file after, never a part of one."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=_PART)
    try:
        with os.fdopen(descriptor, "wb") as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _mark(site: Site) -> str:
    made_for = json.dumps([RENDERING, asdict(site)], sort_keys=True)
    return hashlib.blake2b(made_for.encode(), digest_size=16).hexdigest()
