"""The shapes of the settings, with their shipped values; ``config`` fills them.

They live here because every room is handed its own part, and rooms do not see
``config``. Durations are seconds, sizes bytes.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct, field

MINUTE, HOUR, DAY = 60, 3600, 86400
MIB = 1024 * 1024


class Captures(StrEnum):
    """Which responses are kept as WARC captures."""

    CHANGED = "changed"
    ALL = "all"
    OFF = "off"


class ArchiveSettings(Struct, frozen=True, kw_only=True):
    """``[archive]`` of ``aggregator.toml``."""

    directory: Path = Path("../archive")
    """Where the database, captures and locks live; relative to the config folder in the file."""
    database: str = ""
    """SQLAlchemy URL; empty means ``archive.db`` in ``directory`` (SQLite)."""
    captures: Captures = Captures.CHANGED
    free_space: int = 512 * MIB
    """Below this many free bytes collecting pauses, visibly."""


NO_PUSH = "off"
"""What ``collect.push_address`` says where no hub is to tell us of anything."""


class CollectSettings(Struct, frozen=True, kw_only=True):
    """``[collect]`` of ``aggregator.toml``."""

    contact: str = ""
    """A URL or mail address in the User-Agent, so that a publisher can reach you."""
    allow_networks: tuple[str, ...] = ()
    """CIDR ranges the address guard lets through."""
    allow_files: tuple[Path, ...] = ()
    """Folders below which ``file:`` feeds may be read."""
    host_spacing: float = 1.0
    """Seconds between two requests to one host."""
    concurrency: int = 64
    """Requests under way at once, over all hosts."""
    default_interval: int = HOUR
    min_interval: int = HOUR
    max_interval: int = DAY
    timeout: float = 30.0
    """Seconds one request may take in all; a third of it without progress ends it too."""
    max_bytes: int = 16 * MIB
    """The most a document may weigh, decoded."""
    max_entries: int = 5000
    """The most items taken from one document; the newest are kept."""
    max_redirects: int = 5
    pages_per_feed: int = 20
    """Linked pages read in one round, for a feed whose whole text is wanted; the newest."""
    push_address: str = ""
    """Where hubs of feeds reach the built-in server; "" is ``publish.base_url``
    where ``server.allow_hosts`` names its host, NO_PUSH none."""
    push_signatures: tuple[str, ...] = ("sha1", "sha256", "sha384", "sha512")
    """How a hub's message must be signed to count."""


class NormalizeSettings(Struct, frozen=True, kw_only=True):
    """``[normalize]`` of ``aggregator.toml``."""

    workers: int = 0
    """Processes that parse and clean; 0 means one a core."""
    document_seconds: float = 30.0
    """The most one document may keep a worker busy."""
    document_bytes: int = 1024 * MIB
    """The most memory a worker may take."""
    announce_days: int = 7
    """Entries dated longer before first sight are no news: they reach archive pages only."""
    boilerplate_entries: int = 5
    """A block that stands in so many entries may be boilerplate; 0 learns nothing."""
    boilerplate_percent: int = 10
    """In so many of a hundred entries that came one after another it must stand, too, and what is
    short in more of them."""
    boilerplate_window: int = 100
    """So many entries that came one after another are looked at together."""
    story_window_days: int = 14
    """An entry joins a story that brought the same words no longer ago than this."""
    prefer_sources: tuple[str, ...] = ()
    """Feed URLs, hosts or folders, best first: whose version of a story leads it."""


BUILT_IN_HUB = "built-in"
"""What ``publish.hub`` says where our own server is the hub."""


class PublishSettings(Struct, frozen=True, kw_only=True):
    """``[publish]`` of ``aggregator.toml``."""

    directory: Path = Path("../archive/public")
    base_url: str = ""
    """Where people reach the output; empty means the built-in server's own address."""
    page_size: int = 50
    """Entries on a subscription page and on each archive page."""
    title: str = "aggregator"
    """Name of the whole, on the index page and in topics.opml."""
    hub: str = ""
    """The WebSub hub that is told of changes: a URL, BUILT_IN_HUB, or "" for none."""


class ServerSettings(Struct, frozen=True, kw_only=True):
    """``[server]`` of ``aggregator.toml``."""

    host: str = "127.0.0.1"
    port: int = 8080
    allow_hosts: tuple[str, ...] = ()
    """Further names in the Host header that are answered, besides the loopback names."""


class HubSettings(Struct, frozen=True, kw_only=True):
    """``[hub]`` of ``aggregator.toml``."""

    allow_networks: tuple[str, ...] = ()
    """CIDR ranges that callbacks may be in, besides public ones."""
    max_subscriptions: int = 10_000
    max_per_host: int = 1_000
    """Subscriptions whose callbacks are on one host."""
    max_requests: int = 600
    """Requests to (un)subscribe that are taken in a minute, from all together."""
    min_lease: int = HOUR
    default_lease: int = 10 * DAY
    max_lease: int = 30 * DAY


class LogSettings(Struct, frozen=True, kw_only=True):
    """``[log]`` of ``aggregator.toml``."""

    level: str = "info"
    """debug, info, warning or error."""
    format: str = "auto"
    """auto (text on a terminal, else JSON), text or json."""


class Settings(Struct, frozen=True, kw_only=True):
    """``aggregator.toml``, a table a part."""

    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    collect: CollectSettings = field(default_factory=CollectSettings)
    normalize: NormalizeSettings = field(default_factory=NormalizeSettings)
    publish: PublishSettings = field(default_factory=PublishSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    hub: HubSettings = field(default_factory=HubSettings)
    log: LogSettings = field(default_factory=LogSettings)
