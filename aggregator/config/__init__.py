"""What a person edits: aggregator.toml, feeds.opml, topics.toml, people.toml → Configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from aggregator.config import editing, lines, opml
from aggregator.config.editing import ImportReport
from aggregator.config.missing import NAMES, refuse_file
from aggregator.config.opml import subscriptions_of
from aggregator.config.outlines import web_address
from aggregator.config.people import read_people
from aggregator.config.secrets import edited_at, read_secrets
from aggregator.config.settings import known_settings, read_right_settings, read_settings
from aggregator.config.starting import starter_files, write_starter
from aggregator.config.topics import exposed, read_interests, read_topic_keys
from aggregator.config.values import as_written, parse_duration
from aggregator.model.errors import ConfigError
from aggregator.model.feed import Access, Subscription
from aggregator.model.inclusion import Inclusion
from aggregator.model.interests import Interests
from aggregator.model.settings import Settings
from aggregator.model.topic import Topic
from aggregator.query import remembering

FOLDER_VARIABLE = "AGGREGATOR_CONFIG"
_SECRETS = "secrets.toml"
# What was understood of topics.toml, beside what else is made and not edited.
_QUERIES = "queries.cache"


class Configuration(Struct, frozen=True, kw_only=True):
    """A configuration folder, read and checked.

    ``sources`` says of each dotted setting where it comes from: default,
    aggregator.toml or an environment variable. ``warnings`` are lines that were
    left out, and private topics that a public one shows, each with its place.
    """

    folder: Path
    settings: Settings
    subscriptions: tuple[Subscription, ...]
    interests: Interests
    sources: dict[str, str]
    warnings: tuple[str, ...]
    access: Mapping[str, Access] = field(default_factory=dict)
    """What secrets.toml gives for feeds, by canonical URL; of no interest to anybody else."""
    access_edited: Mapping[str, datetime] = field(default_factory=dict)
    """When that was edited last, by canonical URL, so that it is tried at once; as the file has no
    older state of itself, when any of it was."""
    inclusions: tuple[Inclusion, ...] = ()
    """Lists of feeds elsewhere; what they name is in the archive."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics alone, where only they are listed."""
        return self.interests.topics


def default_folder(environ: Mapping[str, str] | None = None) -> Path:
    """``$AGGREGATOR_CONFIG``, else ``config`` in the current folder."""
    chosen = (os.environ if environ is None else environ).get(FOLDER_VARIABLE, "")
    return Path(chosen) if chosen else Path("config")


def load(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read a configuration folder (None: the default one). Raises ConfigError, QueryError."""
    environ = os.environ if environ is None else environ
    folder = _existing(folder, environ)
    settings, sources = read_settings(folder / "aggregator.toml", environ)
    subscriptions, warnings = load_subscriptions(folder)
    inclusions, further = opml.read_inclusions(folder / "feeds.opml")
    people = read_people(folder / "people.toml")
    with remembering(settings.archive.directory / _QUERIES) as keep:
        interests = read_interests(folder / "topics.toml", people)
        keep([*(topic.query for topic in interests.topics), *interests.mute.queries])
    # What an included list names is in the archive.
    addresses = () if inclusions else tuple(one.url for one in subscriptions)
    access, warned = read_secrets(folder / _SECRETS, addresses)
    return Configuration(
        folder=folder,
        settings=settings,
        subscriptions=subscriptions,
        interests=interests,
        sources=sources,
        warnings=(*warnings, *further, *warned, *exposed(interests, folder / "topics.toml")),
        access=access,
        access_edited=dict.fromkeys(access, edited_at(folder / _SECRETS)) if access else {},
        inclusions=inclusions,
    )


def load_settings(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings alone: what a command needs that asks neither feeds nor topics of the files.

    Raises ConfigError.
    """
    environ = os.environ if environ is None else environ
    return read_settings(_existing(folder, environ) / "aggregator.toml", environ)[0]


def load_right_settings(
    folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings, ConfigError | None]:
    """The settings for what has to go on whatever is wrong with them: those that are wrong as
    shipped, and the mistake. Raises ConfigError where it leaves open which archive is meant."""
    environ = os.environ if environ is None else environ
    return read_right_settings(_existing(folder, environ) / "aggregator.toml", environ)


def load_subscriptions(folder: Path) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    """The subscriptions alone, and warnings: lines that were left out. Raises ConfigError."""
    return opml.read_subscriptions(folder / "feeds.opml")


def topic_keys(folder: Path) -> tuple[str, ...]:
    """The keys of topics.toml, whether or not its topics are right. Raises ConfigError."""
    return read_topic_keys(folder / "topics.toml")


def load_inclusions(folder: Path) -> tuple[Inclusion, ...]:
    """The lists that feeds.opml includes by address. Raises ConfigError."""
    return opml.read_inclusions(folder / "feeds.opml")[0]


def load_access(folder: Path) -> tuple[dict[str, Access], tuple[str, ...]]:
    """What secrets.toml gives for feeds, by canonical URL, and warnings. Raises ConfigError."""
    return read_secrets(folder / _SECRETS)


def _existing(folder: Path | None, environ: Mapping[str, str]) -> Path:
    folder = default_folder(environ) if folder is None else folder
    if folder.is_dir():
        return folder
    refuse_file(folder)
    raise ConfigError(
        "there is no such configuration folder",
        file=str(folder),
        hint=f"aggregator init {folder} makes it, -C FOLDER names another",
    )


def files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder that a running daemon watches."""
    return tuple(folder / name for name in (*NAMES, _SECRETS))


def add_subscription(folder: Path, one: Subscription, *, dry_run: bool = False) -> bool:
    """Add a feed to feeds.opml; False where its URL is there already. Raises ConfigError, UsageError."""
    return editing.add_subscription(folder / "feeds.opml", one, dry_run=dry_run)


def held_address(folder: Path, url: str) -> str:
    """How the address of this feed stands in feeds.opml; "" where it is not there. Raises
    ConfigError, UsageError."""
    return editing.held_address(folder / "feeds.opml", url)


def readdress_subscriptions(
    folder: Path, moves: Mapping[str, str], *, dry_run: bool = False
) -> tuple[str, ...]:
    """Write feeds' new addresses (by the old) into feeds.opml, and change nothing else of it;
    returns the old addresses that were found. Raises ConfigError."""
    return editing.readdress(folder / "feeds.opml", moves, dry_run=dry_run)


def change_line(
    folder: Path,
    url: str,
    *,
    title: str | None = None,
    interval: int | None = None,
    paused: bool | None = None,
    full_text: bool | None = None,
    dry_run: bool = False,
) -> bool:
    """Change what a feed's line in feeds.opml says, and nothing else of the file; see
    :func:`lines.change_line`. Raises ConfigError, UsageError."""
    return lines.change_line(
        folder / "feeds.opml", url, title=title, interval=interval, paused=paused,
        full_text=full_text, dry_run=dry_run,
    )  # fmt: skip


def remove_subscription(folder: Path, url: str, *, dry_run: bool = False) -> Subscription:
    """Take a feed out of feeds.opml; returns what it was. Raises ConfigError, UsageError."""
    return editing.remove_subscription(folder / "feeds.opml", url, dry_run=dry_run)


def import_opml(folder: Path, source: Path, *, dry_run: bool = False) -> ImportReport:
    """Add the feeds of another OPML file. Raises ConfigError."""
    return editing.import_opml(folder / "feeds.opml", source, dry_run=dry_run)


def export_opml(folder: Path) -> bytes:
    """The subscriptions as OPML. Raises ConfigError."""
    return editing.export_opml(folder / "feeds.opml")


def addresses_in(folder: Path) -> tuple[str, ...]:
    """The addresses of feeds.opml as they stand there, those of included lists too. Raises ConfigError."""
    return opml.addresses_in(folder / "feeds.opml")


def line_of_list(folder: Path, url: str) -> int:
    """The line of feeds.opml that includes the list at this address. Raises ConfigError."""
    return opml.line_of_list(folder / "feeds.opml", url)


def write_opml(file: Path, data: bytes) -> None:
    """Write OPML to a file, whole or not at all; what is there is replaced only where it is OPML.

    Raises UsageError."""
    editing.write_opml(file, data)


__all__ = [
    "FOLDER_VARIABLE",
    "Configuration",
    "ImportReport",
    "add_subscription",
    "addresses_in",
    "as_written",
    "change_line",
    "default_folder",
    "export_opml",
    "files",
    "held_address",
    "import_opml",
    "known_settings",
    "line_of_list",
    "load",
    "load_access",
    "load_inclusions",
    "load_right_settings",
    "load_settings",
    "load_subscriptions",
    "parse_duration",
    "readdress_subscriptions",
    "remove_subscription",
    "starter_files",
    "subscriptions_of",
    "topic_keys",
    "web_address",
    "write_opml",
    "write_starter",
]
