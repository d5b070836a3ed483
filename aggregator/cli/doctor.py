"""``doctor``: looks at everything a daemon needs and says, one line each, what to mend."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import typer
from msgspec import Struct

from aggregator.cli.options import Json
from aggregator.cli.output import one_line, plural, print_json, say, some_of
from aggregator.cli.served import running_daemon
from aggregator.cli.session import Session, session_of
from aggregator.model.units import size

if TYPE_CHECKING:
    from aggregator.config import Configuration
    from aggregator.model.errors import AggregatorError
    from aggregator.model.feed import Feed, Subscription
    from aggregator.model.settings import ArchiveSettings, PublishSettings, Settings

_ARCHIVE, _SERVE = 3, 4
# No clock that is right can be before the day this was written.
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_HOSTS_RESOLVED = 3


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


# Room for a day or two of what a hundred feeds bring.
_LITTLE = 50_000_000


class Finding(Struct, frozen=True, kw_only=True):
    """One check's outcome; ``code`` is the exit code that a failure of it has."""

    check: str
    verdict: Verdict
    what: str
    mend: str = ""
    code: int = 0


def diagnose(
    context: typer.Context,
    network: Annotated[
        bool, typer.Option("--network", help="Also look up the hosts of the first feeds.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check configuration, archive, disk, port and clock.

    One line a check, with the mend where something is wrong. Fetches nothing;
    with --network it asks the name server for a few feed hosts. Settings that are wrong are
    taken as shipped; only where they leave open which archive is meant, nothing further
    is looked at.
    """
    findings = list(_examine(session_of(context), network))
    if as_json:
        print_json([_json(found) for found in findings])
    else:
        for found in findings:
            mend = f" → {found.mend}" if found.mend else ""
            say(f"{found.verdict:<4}  {found.check:<13}  {one_line(found.what + mend)}")
    failed = [found.code for found in findings if found.verdict is Verdict.FAIL]
    if failed:
        raise typer.Exit(failed[0])


def _json(found: Finding) -> dict[str, object]:
    return {
        "check": found.check,
        "verdict": found.verdict.lower(),
        "what": found.what,
        "mend": found.mend,
    }


def _examine(session: Session, network: bool) -> Iterator[Finding]:
    from aggregator.model.errors import ConfigError

    yield _python()
    subscriptions: Sequence[Subscription] = ()
    try:
        configuration = session.configuration()
    except ConfigError as error:
        yield _broken("configuration", error)
        try:
            # A mistake elsewhere leaves the rest to be looked at.
            settings, _ = session.right_settings()
        except ConfigError:
            return
        with contextlib.suppress(ConfigError):
            subscriptions = session.subscriptions()
    else:
        settings, subscriptions = configuration.settings, configuration.subscriptions
        yield from _configuration(configuration)
        yield from _logins(session, configuration)
    yield from _archive(session, settings)
    yield _disk(settings.archive)
    yield _output(settings.publish)
    yield from _addresses(settings)
    yield _port(settings, session)
    if network:
        yield _names(subscriptions)


def _ok(check: str, what: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, what=what)


def _warn(check: str, what: str, mend: str) -> Finding:
    return Finding(check=check, verdict=Verdict.WARN, what=what, mend=mend)


def _fail(check: str, what: str, mend: str, code: int) -> Finding:
    return Finding(check=check, verdict=Verdict.FAIL, what=what, mend=mend, code=code)


def _broken(check: str, error: AggregatorError) -> Finding:
    place = f"{error.where}: " if error.where else ""
    what = "; ".join([f"{place}{error.what}", *error.further])
    return _fail(check, what, error.hint, error.exit_code)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return _ok("program", f"aggregator {_version()} on Python {version}")


def _version() -> str:
    from aggregator import __version__

    return __version__


def _configuration(configuration: Configuration) -> Iterator[Finding]:
    from aggregator.model.time import now
    from aggregator.topics import contradicted

    feeds, topics = len(configuration.subscriptions), len(configuration.topics)
    told = f"{configuration.folder}: {plural(feeds, 'feed')}, {plural(topics, 'topic')}"
    failed = next(contradicted(configuration.interests, now=now()), None)
    if configuration.warnings:
        wrong = some_of(configuration.warnings)
        yield _warn("configuration", f"{told}; {wrong}", "mend it where it stands")
    elif failed:
        yield _warn("configuration", f"{told}; {failed}", "aggregator topics check tells all")
    elif feeds:
        yield _ok("configuration", told)
    else:
        yield _warn("configuration", told, "aggregator feeds add URL")
    if not configuration.settings.collect.contact:
        mend = "set collect.contact to a page or mail address"
        yield _warn("contact", "publishers cannot reach you", mend)


def _logins(session: Session, configuration: Configuration) -> Iterator[Finding]:
    """Whether what is behind a log-in is published to all."""
    from aggregator.model.errors import ArchiveError
    from aggregator.topics import republished

    if not configuration.access:
        return
    feeds: Sequence[Feed | Subscription] = configuration.subscriptions
    # What is wrong with the archive its own check tells.
    with contextlib.suppress(ArchiveError, ValueError):
        if archive := session.reading_if_any(configuration.settings.archive):
            with archive:
                feeds = [feed for feed in archive.feeds() if feed.subscribed] or feeds
    if shown := republished(configuration.interests, configuration.access, feeds):
        yield _warn("log-ins", str(shown), "aggregator topics check names all with --json")


def _archive(session: Session, settings: Settings) -> Iterator[Finding]:
    from aggregator.model.errors import ArchiveError

    newest: datetime | None = None
    try:
        found, newest = _looked(session, settings)
    except ArchiveError as error:
        found = [_broken("archive", error)]
    except ValueError:
        # What came of a text by damage the driver cannot even tell.
        mend = "move it away, then aggregator archive restore FILE"
        found = [_fail("archive", "the database is damaged", mend, _ARCHIVE)]
    yield from found
    yield _clock(newest)


def _looked(session: Session, settings: Settings) -> tuple[list[Finding], datetime | None]:
    """What the archive says of itself, and when a feed was fetched last. Raises ArchiveError."""
    from aggregator.model.errors import PublishError
    from aggregator.publishing import refuse_lost

    archive = session.reading_if_any(settings.archive)
    if archive is None:
        # The check of the output tells where that cannot be looked at.
        with contextlib.suppress(PublishError):
            refuse_lost(settings)
        return [_ok("archive", "none yet: the first `collect` or `run` makes it")], None
    # A damaged database may open and fail only where it is read.
    with archive:
        info = archive.info()
        fetches = [feed.last_fetch for feed in archive.feeds() if feed.last_fetch]
        missing = archive.missing_captures()
    told = f"{info.location}: {plural(info.entries, 'entry', 'entries')}"
    found = [_ok("archive", told)]
    if missing:
        mend = "mount the disk they are on, or take them from a backup"
        found.append(_warn("captures", some_of(missing), mend))
    return found, max(fetches, default=None)


def _clock(newest: datetime | None) -> Finding:
    """The clock against what it cannot be before: this program, and the last fetch."""
    from aggregator.model.time import now

    at = now()
    if at < _EARLIEST or (newest and at < newest):
        mend = "set it (timedatectl set-ntp true); due times and dates depend on it"
        return _warn("clock", f"{at:%Y-%m-%d %H:%M} UTC is before the last fetch", mend)
    if not _is_zone(zone := os.environ.get("TZ", "")):
        mend = "TZ=Europe/Madrid, say, with the system's tzdata; or take it out"
        return _warn("clock", f"TZ={zone} is no zone that is known here: times are UTC's", mend)
    return _ok("clock", f"{at:%Y-%m-%d %H:%M} UTC, shown as {at.astimezone():%H:%M %Z}")


# A zone in itself, without any file: its name and offset ("CET-1CEST", "<+03>-3").
_SPELT_OUT = re.compile(r":?(?:<[^>]+>|[A-Za-z]{3,})[+-]?\d.*|UTC|GMT")


def _is_zone(name: str) -> bool:
    """Whether the system's library knows the zone; it takes one that it does not for UTC."""
    if not name or _SPELT_OUT.fullmatch(name):
        return True
    if (path := name.removeprefix(":")).startswith("/"):
        return Path(path).is_file()
    try:
        ZoneInfo(path)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _disk(settings: ArchiveSettings) -> Finding:
    place = _existing(settings.directory)
    if not place.is_dir():
        mend = "move it away, or set archive.directory"
        return _fail("disk", f"{place} is a file, where a folder must be", mend, _ARCHIVE)
    places = _disks(settings) if place == settings.directory else (place,)
    for each in places:
        if refused := _refused(each):
            mend = "give the user who runs this the right to write there, or set archive.directory"
            return _fail("disk", f"{each} cannot be written: {refused}", mend, _ARCHIVE)
    free, place = min((shutil.disk_usage(each).free, each) for each in places)
    if free < settings.free_space:
        told = f"{size(free)} free at {place}, the floor is {size(settings.free_space)}"
        return _fail("disk", told, "make room, or lower archive.free_space", _ARCHIVE)
    if free < _LITTLE:
        mend = "make room; nothing is stored on a full disk, and archive.free_space warns in time"
        return _warn("disk", f"only {size(free)} free at {place}", mend)
    return _ok("disk", f"{size(free)} free at {place}")


def _disks(settings: ArchiveSettings) -> tuple[Path, ...]:
    from aggregator.archive import disks
    from aggregator.model.errors import ArchiveError

    try:
        return disks(settings)
    except ArchiveError:
        # The check of the archive tells that its address is none.
        return (settings.directory,)


def _output(settings: PublishSettings) -> Finding:
    place = _existing(settings.directory)
    if not place.is_dir():
        mend = "move it away, or set publish.directory"
        return _fail("output", f"{place} is a file, where a folder must be", mend, _SERVE)
    if refused := _refused(place):
        mend = "give the user who runs this the right to write there, or set publish.directory"
        return _fail("output", f"{place} cannot be written: {refused}", mend, _SERVE)
    return _ok("output", str(settings.directory))


def _addresses(settings: Settings) -> Iterator[Finding]:
    from aggregator.publish import only_here

    if why := only_here(settings):
        yield _warn("addresses", why, "set publish.base_url to where others reach this machine")


def _port(settings: Settings, session: Session) -> Finding:
    server = settings.server
    where = f"{server.host}:{server.port}"
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((server.host, server.port))
    except OSError as error:
        daemon = (
            running_daemon(session, settings.archive) if error.errno == errno.EADDRINUSE else ""
        )
        if daemon:
            return _ok("port", f"{where} is taken, and {daemon} is up")
        mend = "set server.port to a free one, unless it is `aggregator serve`"
        return _warn("port", f"{where}: {error.strerror or error}", mend)
    return _ok("port", f"{where} is free")


def _names(subscriptions: Sequence[Subscription]) -> Finding:
    """Whether the name server answers for some feed hosts; nothing is fetched."""
    urls = [urlsplit(line.url) for line in subscriptions]
    hosts = list(dict.fromkeys(url.hostname for url in urls if url.hostname))[:_HOSTS_RESOLVED]
    lost = [host for host in hosts if not _resolves(host)]
    if lost:
        mend = "check the network; `aggregator demo` needs none"
        return _warn("network", f"no address for {', '.join(lost)}", mend)
    return _ok("network", f"found {', '.join(hosts)}" if hosts else "no feed to look up")


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return True


def _refused(place: Path) -> str:
    """Why nothing can be written in a folder, "" where it can: rights alone do not tell, since some
    folders, such as /proc, take nothing of anybody."""
    try:
        with tempfile.TemporaryFile(dir=place):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _existing(place: Path) -> Path:
    """The folder itself, or the nearest above it that exists."""
    return next((at for at in (place, *place.parents) if at.exists()), Path("/"))
