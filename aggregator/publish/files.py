"""The output folder: files replaced whole, only on change, and never one that is not ours.

Beside the documents a hidden folder ``.aggregator`` holds what we must remember of them:

- ``files``: the path of every document we ever wrote, one a line, noted before it is written
  (after a ``-``: of one that was removed again);
- ``site``: for which site, in which rendering, all of it was written;
- ``gone``: slugs of topics that were published and are no more;
- ``archive``: which archive was published in it last, by where that is;
- ``mark``: what the archive knows this folder by. Where it knows another, that was published
  in since: what stands here may be old, however it looks.

Any web server may serve this folder, the hidden one too: of a private address, and of where the
archive is, only a hash stands there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec.structs import asdict

from aggregator.model.errors import PublishError
from aggregator.model.topic import Series
from aggregator.publish.formats import FEEDS, FULL_PAGES, RENDERING
from aggregator.publish.site import PRIVATE, TOKEN_SIGNS, Site

_MEMORY = ".aggregator"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_TEMPORARY = (".publish-", ".part")
_MODE = 0o644
_SERIES = "|".join(series for series in Series if series)
_OWNER = re.compile(rf"(topics|{PRIVATE})/[^/.]+(\.({_SERIES})(?=\.))?")
_PRIVATE = re.compile(rf"{PRIVATE}/[0-9a-f]{{{TOKEN_SIGNS}}}[/.].+")
_SNAPSHOT = re.compile(r"(.+)/(\d+)-(\d+)\.[a-z]+")
# The subscription page that a client holds may name the one before last.
_SNAPSHOTS = 3
# How a path is remembered that is secret.
_HASH = "#"


class Folder:
    """The folder that documents are published in. Made when first written to.

    One process writes at a time (the archive's writer lock sees to it); any
    number may read and serve: they see a document as it was or as it is.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ours: dict[str, None] | None = None
        self._missing: set[str] = set()
        self._written: set[str] | None = set()
        """Every document that was to be there, until all are (:meth:`settle`)."""

    def write(self, documents: Mapping[str, bytes], *, full: bool = False) -> tuple[str, ...]:
        """Write what differs from what is there; returns the changed paths, in order.

        ``documents`` are bytes by path below the folder. ``full``: they are of a page
        that is full, and was written as such: its feeds stay as they are. A crash, of the
        machine too, leaves each file old or new, never torn. Raises PublishError.
        """
        with _explained(self._directory):
            self._note(documents)
            if self._written is not None:
                self._written.update(documents)
            changed = [
                path
                for path, data in documents.items()
                if not (full and self._stands(path)) and self._replace(path, data)
            ]
            for parent in {(self._directory / path).parent for path in changed}:
                _sync_directory(parent)
            self._thin_snapshots(documents)
        return tuple(changed)

    def read(self, path: str) -> bytes | None:
        """The bytes of a document; None where there is none. Raises PublishError."""
        with _explained(self._directory):
            try:
                return self._place(path).read_bytes()
            except FileNotFoundError:
                return None

    def moved(self, site: Site) -> bool:
        """Whether feeds of full pages, too, must be written again: they name other addresses,
        or were found faulty."""
        held, ours = self._stamped(), json.loads(_stamp(site))
        return any(held.get(name) != ours[name] for name in ("full_pages", "base_url"))

    @property
    def base_url(self) -> str:
        """What the addresses in its documents begin with; "" before it was published in whole.
        Raises PublishError."""
        return str(self._stamped().get("base_url", ""))

    def _stamped(self) -> dict[str, object]:
        with _explained(self._directory):
            stamp = self._recall("site")
        return json.loads(stamp) if stamp.startswith("{") else {}

    def made_for(self, site: Site) -> bool:
        """Whether all that is there was written for this site, by this rendering."""
        with _explained(self._directory):
            return self._recall("site") == _stamp(site)

    def lacking(self) -> frozenset[str]:
        """Where topics stand of which a file is missing; of private ones only that it is one of
        them: ``PRIVATE``. Looks at every file, and sweeps what interrupted writes left."""
        with _explained(self._directory):
            listed = set(map(_remembered, self._survey()))
            self._missing = {path for path in self._known() if path not in listed}
        return frozenset(
            PRIVATE if path.startswith(_HASH) else _owner(path) or "" for path in self._missing
        )

    @property
    def mark(self) -> str:
        """What the archive knows this folder by; "" before it was published in whole."""
        with _explained(self._directory):
            return self._recall("mark")

    def is_of(self, archive: str) -> bool:
        """Whether it was the archive of this location that was published in it last. Raises
        PublishError."""
        with _explained(self._directory):
            return self._recall("archive") == _hashed(archive)

    def settle(self, site: Site, archive: str, *, anew: bool = False) -> str:
        """Record that everything is written for ``site``, of the archive of this location; returns the
        folder's mark. ``anew``: it is another than before, so that an archive that knows the folder
        by that one, as a copy of an archive does, finds it published in since. Raises PublishError."""
        with _explained(self._directory):
            if self._missing:
                lost = self._missing - set(map(_remembered, self._survey()))
                self._remember_files([path for path in self._known() if path not in lost])
            self._missing, self._written = set(), None
            self._remember("site", _stamp(site))
            self._remember("archive", _hashed(archive))
            if anew or not self._recall("mark"):
                self._remember("mark", secrets.token_hex(16))
            return self._recall("mark")

    def retain(
        self,
        stems: Collection[str],
        *,
        ended: Collection[str] = (),
        rewritten: bool = False,
    ) -> tuple[str, ...]:
        """Keep the documents of the topics that stand there and remove those of all others;
        where all were ``rewritten``, those that were not among them too.

        Only files that we wrote are removed; the addresses they stood at are gone from
        then on (:func:`retired`), until they come back. So are those where topics ``ended``, in
        this folder or in one before it. Returns the removed paths. Raises PublishError.
        """
        with _explained(self._directory):
            ours = [*self._known(), *self._private_files()]
            gone = {
                path: owner
                for path in ours
                if (owner := _owner(path)) is not None and owner not in stems
            }
            written = self._written or set()
            stale = [
                path for path in ours if rewritten and _owner(path) in stems and path not in written
            ]
            before = _gone(self._directory)
            after = before.union(map(_name, (*gone.values(), *ended))).difference(map(_name, stems))
            if after != before:
                self._remember("gone", "".join(f"{name}\n" for name in sorted(after)))
            for path in (*gone, *stale):
                (self._directory / path).unlink(missing_ok=True)
            for owner in set(gone.values()):
                with contextlib.suppress(OSError):
                    (self._directory / owner).rmdir()
            if gone or stale:
                lost = set(map(_remembered, (*gone, *stale)))
                self._remember_files([path for path in self._known() if path not in lost])
        return (*gone, *stale)

    def _stands(self, path: str) -> bool:
        """Whether it is a feed that is there."""
        feed = path.rpartition(".")[2] in FEEDS
        return feed and (self._directory / path).is_file()

    def _thin_snapshots(self, documents: Mapping[str, bytes]) -> None:
        """Remove what pages that still fill were, but for the newest few states."""
        written = (_SNAPSHOT.fullmatch(path) for path in documents)
        for folder in {one[1] for one in written if one}:
            found = [
                one for path in self._files(f"{folder}/") if (one := _SNAPSHOT.fullmatch(path))
            ]
            states = sorted({(int(one[2]), int(one[3])) for one in found})
            kept = set(states[-_SNAPSHOTS:])
            old = [one[0] for one in found if (int(one[2]), int(one[3])) not in kept]
            for path in old:
                (self._directory / path).unlink(missing_ok=True)
            self._forget(old)

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
        yield from self._below("topics")
        yield from self._below(PRIVATE)

    def _private_files(self) -> Iterator[str]:
        """Paths of private documents, which have the shape of none that others would write."""
        return (path for path in self._below(PRIVATE) if _PRIVATE.fullmatch(path))

    def _below(self, folder: str) -> Iterator[str]:
        yield from self._files(f"{folder}/")
        with contextlib.suppress(FileNotFoundError):
            for child in os.scandir(self._directory / folder):
                if child.is_dir():
                    yield from self._files(f"{folder}/{child.name}/")

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
            self._ours = {}
            for line in self._recall("files").split("\n"):
                if line.startswith("-"):
                    self._ours.pop(line[1:], None)
                elif line:
                    self._ours[line] = None
        return self._ours

    def _note(self, documents: Mapping[str, bytes]) -> None:
        """Remember new paths before they exist, so that no file of ours is ever forgotten."""
        known = self._known()
        new = {name: path for path in documents if (name := _remembered(path)) not in known}
        if not new:
            return
        for path in new.values():
            self._place(path)
        self._add_lines(list(new))
        known.update(dict.fromkeys(new))

    def _forget(self, paths: list[str]) -> None:
        names = [name for path in paths if (name := _remembered(path)) in self._known()]
        if names:
            self._add_lines([f"-{name}" for name in names])
            for name in names:
                del self._known()[name]

    def _add_lines(self, lines: list[str]) -> None:
        memory = self._directory / _MEMORY
        memory.mkdir(parents=True, exist_ok=True)
        with (memory / "files").open("a", encoding="utf-8") as file:
            # The first line end closes a line that a crash may have torn.
            file.write("\n" + "".join(f"{line}\n" for line in lines))

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


def retired(directory: Path, stem: str) -> bool:
    """Whether a topic was published at this place (``topics/SLUG``) once and is no more."""
    return _name(stem) in _gone(directory)


def _gone(directory: Path) -> set[str]:
    try:
        return set((directory / _MEMORY / "gone").read_text("utf-8", "replace").split())
    except OSError:
        return set()


def _owner(path: str) -> str | None:
    """Where the topic stands that a document belongs to; None for the index and its like."""
    found = _OWNER.match(path)
    return found[0] if found else None


def _name(stem: str) -> str:
    """How a place is remembered: a topic's slug; a hash of an address that is secret."""
    return stem.removeprefix("topics/") if not stem.startswith(f"{PRIVATE}/") else _hashed(stem)


def _remembered(path: str) -> str:
    """How a path is remembered: as it is, or a hash of one that is secret."""
    return _hashed(path) if path.startswith(f"{PRIVATE}/") else path


def _hashed(text: str) -> str:
    return _HASH + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _stamp(site: Site) -> str:
    made = {"rendering": RENDERING, "full_pages": FULL_PAGES}
    return json.dumps({**made, **asdict(site)}, sort_keys=True)


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
