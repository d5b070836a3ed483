"""The output folder: files replaced whole, only on change, and never one that is not ours.

Beside the documents a hidden folder ``.aggregator`` holds what we must remember of them:

- ``files``: the path of every document we ever wrote, one a line, noted before it is written;
- ``site``: for which site, in which rendering, all of it was written;
- ``gone``: slugs of topics that were published and are no more.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from aggregator.model.errors import PublishError
from aggregator.publish.formats import RENDERING
from aggregator.publish.site import Site

_MEMORY = ".aggregator"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_TEMPORARY = (".publish-", ".part")
_MODE = 0o644


class Folder:
    """The folder that documents are published in. Made when first written to.

    One process writes at a time (the archive's writer lock sees to it); any
    number may read and serve: they see a document as it was or as it is.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ours: dict[str, None] | None = None
        self._missing: set[str] = set()

    def write(self, documents: Mapping[str, bytes]) -> tuple[str, ...]:
        """Write what differs from what is there; returns the changed paths, in order.

        ``documents`` are bytes by path below the folder. A crash, of the machine
        too, leaves each file old or new, never torn. Raises PublishError.
        """
        with _explained(self._directory):
            self._note(documents)
            changed = [path for path, data in documents.items() if self._replace(path, data)]
            for parent in {(self._directory / path).parent for path in changed}:
                _sync_directory(parent)
        return tuple(changed)

    def read(self, path: str) -> bytes | None:
        """The bytes of a document; None where there is none. Raises PublishError."""
        with _explained(self._directory):
            try:
                return self._place(path).read_bytes()
            except FileNotFoundError:
                return None

    def stale(self, site: Site) -> bool:
        """Whether everything must be written again: made for another site or by other
        rendering, or a file is missing. Sweeps what interrupted writes left."""
        with _explained(self._directory):
            listed = set(self._survey())
            self._missing = {path for path in self._known() if path not in listed}
            return bool(self._missing) or self._recall("site") != _stamp(site)

    def settle(self, site: Site) -> None:
        """Record that everything is written for ``site``. Raises PublishError."""
        with _explained(self._directory):
            lost = {path for path in self._missing if not (self._directory / path).exists()}
            if lost:
                self._remember_files([path for path in self._known() if path not in lost])
            self._missing = set()
            self._remember("site", _stamp(site))

    def retain(self, slugs: Collection[str]) -> tuple[str, ...]:
        """Keep the documents of these topics and remove those of all others.

        Only files that we wrote are removed; the topics they belonged to are
        gone from then on (:func:`retired`), until they come back. Returns the
        removed paths. Raises PublishError.
        """
        with _explained(self._directory):
            gone = {
                path: slug
                for path in self._known()
                if (slug := _slug(path)) is not None and slug not in slugs
            }
            before = _gone(self._directory)
            after = (before | set(gone.values())) - set(slugs)
            if after != before:
                self._remember("gone", "".join(f"{slug}\n" for slug in sorted(after)))
            for path in gone:
                (self._directory / path).unlink(missing_ok=True)
            for slug in set(gone.values()):
                with contextlib.suppress(OSError):
                    (self._directory / "topics" / slug).rmdir()
            if gone:
                self._remember_files([path for path in self._known() if path not in gone])
        return tuple(gone)

    def _replace(self, path: str, data: bytes) -> bool:
        target = self._place(path)
        with contextlib.suppress(FileNotFoundError):
            if not target.is_symlink() and target.read_bytes() == data:
                return False
        _replace(target, data)
        return True

    def _place(self, path: str) -> Path:
        """The file of a path, if it stays inside, symbolic links followed."""
        target = self._directory / path
        inside = target.parent.resolve().is_relative_to(self._directory.resolve())
        if not inside or not all(_NAME.fullmatch(name) for name in path.split("/")):
            raise PublishError(
                f"{path!r} would be written outside the output folder",
                where=str(self._directory),
                hint="remove the symbolic link that leads out, or set publish.directory to where it leads",
            )
        return target

    def _survey(self) -> Iterator[str]:
        """Paths of all files there, two folders deep."""
        yield from self._files("")
        topics = self._directory / "topics"
        yield from self._files("topics/")
        with contextlib.suppress(FileNotFoundError):
            for child in os.scandir(topics):
                if child.is_dir():
                    yield from self._files(f"topics/{child.name}/")

    def _files(self, below: str) -> Iterator[str]:
        prefix, suffix = _TEMPORARY
        with contextlib.suppress(FileNotFoundError):
            for item in os.scandir(self._directory / below):
                if not item.is_file():
                    continue
                if item.name.startswith(prefix) and item.name.endswith(suffix):
                    Path(item.path).unlink(missing_ok=True)
                else:
                    yield below + item.name

    def _known(self) -> dict[str, None]:
        if self._ours is None:
            lines = self._recall("files").split("\n")
            self._ours = dict.fromkeys(line for line in lines if line)
        return self._ours

    def _note(self, documents: Mapping[str, bytes]) -> None:
        """Remember new paths before they exist, so that no file of ours is ever forgotten."""
        known = self._known()
        new = [path for path in documents if path not in known]
        if not new:
            return
        for path in new:
            self._place(path)
        memory = self._directory / _MEMORY
        memory.mkdir(parents=True, exist_ok=True)
        with (memory / "files").open("a", encoding="utf-8") as file:
            # The first line end closes a line that a crash may have torn.
            file.write("\n" + "".join(f"{path}\n" for path in new))
        known.update(dict.fromkeys(new))

    def _recall(self, name: str) -> str:
        try:
            return (self._directory / _MEMORY / name).read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def _remember(self, name: str, text: str) -> None:
        if self._recall(name) != text:
            _replace(self._directory / _MEMORY / name, text.encode())

    def _remember_files(self, paths: list[str]) -> None:
        self._ours = dict.fromkeys(paths)
        self._remember("files", "".join(f"{path}\n" for path in paths))


def retired(directory: Path, slug: str) -> bool:
    """Whether a topic was published in this folder once and is no more."""
    return slug in _gone(directory)


def _gone(directory: Path) -> set[str]:
    try:
        return set((directory / _MEMORY / "gone").read_text("utf-8", "replace").split())
    except OSError:
        return set()


def _slug(path: str) -> str | None:
    """The topic a document belongs to; None for the index and what goes with it."""
    parts = path.split("/")
    return parts[1].partition(".")[0] if parts[0] == "topics" and len(parts) > 1 else None


def _stamp(site: Site) -> str:
    return json.dumps({"rendering": RENDERING, **asdict(site)}, sort_keys=True)


def _replace(target: Path, data: bytes) -> None:
    """Put the bytes in place: a temporary file beside it, synced, then renamed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix, suffix = _TEMPORARY
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            # mkstemp's 0600 would keep a web server of another user out.
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync_directory(directory: Path) -> None:
    """Make renames in it last; where a file system cannot, they last soon after."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some room; nothing is lost, it is written then"),
    errno.EDQUOT: (
        "the disk quota is used up",
        "free some room; nothing is lost, it is written then",
    ),
    errno.EROFS: (
        "the file system is read-only",
        "set publish.directory to a place that can be written",
    ),
    errno.EACCES: ("no permission to write", "give this user the right, or set publish.directory"),
    errno.EPERM: ("no permission to write", "give this user the right, or set publish.directory"),
    errno.ENOTDIR: ("a file is where a folder should be", "move it away, or set publish.directory"),
    errno.EEXIST: ("a file is where a folder should be", "move it away, or set publish.directory"),
    errno.EISDIR: ("a folder is where a file should be", "move it away, or set publish.directory"),
}


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """An OSError as a PublishError that says what to do."""
    try:
        yield
    except OSError as error:
        reason, hint = _REASONS.get(
            error.errno or 0, (error.strerror or str(error), "see publish.directory")
        )
        raise PublishError(
            f"cannot publish: {reason}", where=str(error.filename or directory), hint=hint
        ) from error
