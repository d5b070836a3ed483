"""The disk below the archive: its kind, and the room on it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from aggregator.model.errors import ArchiveError, DiskFull
from aggregator.model.settings import ArchiveSettings
from aggregator.model.units import size

_NETWORK = frozenset(
    ["nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "ncpfs", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "davfs", "fuse.davfs2"]
)  # fmt: skip


def refuse_network_disk(directory: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """SQLite's locks do not hold on network file systems: ArchiveError where the folder is on one."""
    kind = file_system(directory, mounts)
    if kind in _NETWORK:
        raise ArchiveError(
            f"the folder is on a network file system ({kind}), where SQLite can lose data",
            where=str(directory),
            hint="use a local folder, or PostgreSQL by archive.database",
        )


def file_system(directory: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The kind of file system a folder is on, as the kernel names it; "" where that is not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    here, best, kind = str(directory.resolve()), "", ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # A blank in a mount point is written as \040 (proc(5), fstab(5)).
        point = fields[1].replace("\\040", " ")
        inside = here == point or here.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def free_bytes(directory: Path) -> int:
    """Bytes free for us on the disk that holds the folder. Raises ArchiveError."""
    try:
        found = os.statvfs(directory)
    except OSError as error:
        raise ArchiveError(
            f"the folder cannot be used: {error.strerror}",
            where=str(directory),
            hint="set archive.directory in aggregator.toml",
        ) from None
    return found.f_bavail * found.f_frsize


def folders_written(settings: ArchiveSettings, database: Path | None) -> tuple[Path, ...]:
    """The folders that the archive is written in, one for each disk, that of ``archive.directory``
    first: the database file and the captures may be links to other disks. Raises ArchiveError."""
    places = [settings.directory]
    if database is not None:
        places.append(database.resolve().parent)
    if settings.captures != "off":
        places.append(settings.directory / "captures")
    found: dict[int, Path] = {}
    for place in places:
        with suppress(OSError):
            # What is not there yet is made on a disk that is looked at; where it fails is told there.
            found.setdefault(place.stat().st_dev, place)
    return tuple(found.values()) or (settings.directory,)


def refuse_full_disk(folders: Iterable[Path], floor: int) -> None:
    """DiskFull where fewer than ``floor`` bytes are free (``archive.free_space``) on the disk of
    any of the folders."""
    for folder in folders:
        free = free_bytes(folder)
        if free < floor:
            raise DiskFull(
                f"only {size(free)} are free, and archive.free_space keeps {size(floor)}",
                where=str(folder),
                hint="free some disk; aggregator run goes on by itself then",
            )


def new_private_file(file: Path) -> BinaryIO:
    """A new file to be written, which only its owner may read: it holds the addresses of private
    topics. Raises OSError."""
    made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(made, "wb")


def make_private(file: Path) -> None:
    """Make an empty file for SQLite to fill, which only its owner may read; what is there stays as it
    is. Where none can be made, SQLite tells."""
    with suppress(OSError):
        new_private_file(file).close()


def sync_folder(directory: Path) -> None:
    """Make the names in a folder survive a power cut."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
