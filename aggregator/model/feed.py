"""A feed: what a person asked for, what we know of it, and what one fetch brought."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from msgspec import Struct, field

from aggregator.model.push import Push
from aggregator.model.time import require_utc

LONGEST_ASKED_WAIT = 30 * 86400
"""Seconds: no server's Retry-After counts for longer. One that says years is mistaken."""

LONGEST_BELIEVED_WAIT = timedelta(seconds=LONGEST_ASKED_WAIT, days=1)
"""A stored wait that ends later was noted while our clock was ahead, and holds no more. (A day's
room: the fetch that brought it was later than the start of its round.)"""

SERVED_BYTES = "bytes"
"""In ``Feed.served``: how many bytes the document has, unpacked."""

FeedKey = NewType("FeedKey", int)
"""Row number of a feed in this database. Never leaves it."""

FeedIdentity = NewType("FeedIdentity", str)
"""Canonical form of the first URL a feed had; name space of its entries' ids."""


class FeedState(StrEnum):
    """What a person sees of a feed. The first letter of each is in the contract."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    PAUSED = "paused"
    STOPPED = "stopped"


class FailureKind(StrEnum):
    """Why a feed could not be collected; back-off is graded by it."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    HTTP = "http"
    REDIRECT = "redirect"
    SIZE = "size"
    ENCODING = "encoding"
    FILE = "file"
    REFUSED = "refused"
    NOT_A_FEED = "not-a-feed"
    PARSE = "parse"
    OTHER = "other"


OURS_TO_MEND = (FailureKind.REFUSED, FailureKind.FILE)
"""Failures that a change of the settings mends, or of a file here: such a feed is tried again
whenever a person collects, starts or reloads."""


class Trouble(StrEnum):
    """What can be wrong with a feed that a person should hear of, in the words of the archive."""

    BROKEN = "broken"
    """It fails, and not only for a moment."""
    MISSED = "missed"
    """Two polls running had nothing in common."""
    STALE = "stale"
    """Nothing new for far longer than it used to pause."""
    EMPTY = "empty"
    """It answers as ever, but lists nothing any more."""
    CUT = "cut"
    """Its document breaks off, poll after poll."""
    LONG = "long"
    """It lists more items than are read of one document."""


class Subscription(Struct, frozen=True, kw_only=True):
    """A line of feeds.opml. ``folders`` are the outlines it stands in, outermost first."""

    url: str
    title: str = ""
    folders: tuple[str, ...] = ()
    home: str = ""
    lang: str = ""
    interval: int | None = None
    """Seconds between polls that a person set for this feed, or None."""
    paused: bool = False
    full_text: bool = False
    """Whether the pages that its entries link to are read for their whole text."""


class Validators(Struct, frozen=True, kw_only=True):
    """What a conditional request sends back, byte for byte, to ``url`` only (RFC 9110, 13.1)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


class Failure(Struct, frozen=True, kw_only=True):
    """A feed's standing failure: it lasts until the next success."""

    kind: FailureKind
    message: str
    since: datetime
    count: int

    def __post_init__(self) -> None:
        require_utc(self.since, "since")


class Listed(Struct, frozen=True):
    """An item of the feed's last document: its hash, its entry, and for how many polls it is missing."""

    item_hash: bytes
    entry_key: int
    missing: int = 0


class Learned(Struct, frozen=True, kw_only=True):
    """A block that is taken out of what readers see: 8 bytes of a hash, and what it says.

    ``text`` is an image's address; ``model.boilerplate.TITLE`` stands in it for the entry's title.
    """

    hash: bytes
    text: str = ""


class Feed(Struct, frozen=True, kw_only=True):
    """A feed as the archive knows it."""

    key: FeedKey
    identity: FeedIdentity
    url: str
    """As feeds.opml has it (its last line, where the line is gone)."""
    fetch_url: str
    """Where it is fetched now: ``url``, or where permanent redirects lead."""
    title: str = ""
    """As the OPML names it, else as the feed names itself, else the URL."""
    published_title: str = ""
    published_id: str = ""
    """The id that an Atom feed gives itself; "" where it has none."""
    home: str = ""
    description: str = ""
    lang: str = ""
    folders: tuple[str, ...] = ()
    subscribed: bool = True
    state: FeedState = FeedState.NEW
    interval: int | None = None
    full_text: bool = False
    """Whether a person wants the text of the pages that its entries link to."""
    next_due: datetime | None = None
    due_reason: str = ""
    last_fetch: datetime | None = None
    last_success: datetime | None = None
    retry_after: datetime | None = None
    validators: Validators | None = None
    body_hash: bytes | None = None
    failure: Failure | None = None
    moved_to: str | None = None
    """Target of a permanent redirect seen so far, and how often in a row."""
    moved_count: int = 0
    rhythm: dict[str, float] = field(default_factory=dict)
    """What cadence remembers between polls; keys belong to ``collect.cadence``."""
    listing: tuple[Listed, ...] = ()
    entries: int = 0
    learned: tuple[Learned, ...] = ()
    """Blocks that are boilerplate in what it brings now: a hint, like ``seen``; upkeep decides."""
    push: Push | None = None
    """The hub that it offers, and what came of it; None where it offers none."""
    elsewhere: tuple[Validators, ...] = ()
    """Validators of other addresses where its redirects led before, the latest first."""
    doubted: datetime | None = None
    """When something showed that the feed has news of which its server said nothing."""
    served: dict[str, str] = field(default_factory=dict)
    """What its last whole answer said of itself: headers by lower-case name, and SERVED_BYTES."""
    previous_archive: str | None = None
    """The document with what is older than its last one lists (RFC 5005), where it names one."""
    told: frozenset[Trouble] = frozenset()
    """Troubles that stand and were told."""
    news_at: datetime | None = None
    """The date of the newest entry it brought; when that came, where it has none."""
    pause: float | None = None
    """Seconds: the longest it was silent for lately; None where too little is known."""
    missed_at: datetime | None = None
    """When two polls last had nothing in common; None where that was made good."""

    def __post_init__(self) -> None:
        for name in (
            "next_due", "last_fetch", "last_success", "retry_after", "doubted", "news_at", "missed_at"
        ):  # fmt: skip
            require_utc(getattr(self, name), name)

    def validators_of(self, url: str) -> Validators | None:
        """What may be sent back to this very address; None where it gave none."""
        held = (self.validators, *self.elsewhere)
        return next((one for one in held if one is not None and one.url == url), None)

    @property
    def seen(self) -> frozenset[bytes]:
        """Hashes of the items last listed: a hint that saves work, never a decision."""
        return frozenset(item.item_hash for item in self.listing)


class Totals(Struct, frozen=True, kw_only=True):
    """What a feed's fetches came to since a day (``since``, ISO); ``bytes`` as they came.

    ``requests`` count redirects too, ``fetches`` do not; ``repeated`` are, of the last
    ``kept`` fetches, those that brought the same bytes again.
    """

    since: str = ""
    requests: int = 0
    fetches: int = 0
    not_modified: int = 0
    failed: int = 0
    bytes: int = 0
    new: int = 0
    repeated: int = 0
    kept: int = 0


class Redirect(Struct, frozen=True, kw_only=True):
    """One hop: the status and the absolute address it pointed to."""

    status: int
    url: str


class Postponed(Struct, frozen=True, kw_only=True):
    """A feed that was not asked: its host wants to be left alone ``until`` then (429). ``pages``:
    it wants to be asked for no pages, though for feeds."""

    host: str
    until: datetime
    pages: bool = False

    def __post_init__(self) -> None:
        require_utc(self.until, "until")


# Headers that say who asks, and for what, and open nothing.
_NO_LOGIN = {
    "accept", "accept-charset", "accept-language", "cache-control", "dnt", "from", "pragma",
    "user-agent",
}  # fmt: skip


class Access(Struct, frozen=True, kw_only=True):
    """What a person gave for one feed in secrets.toml: nothing of it is ever shown.

    Headers and log-in go to the feed's own server only.
    """

    headers: tuple[tuple[str, str], ...] = ()
    username: str = ""
    password: str = ""
    proxy: str = ""
    """URL of an HTTP proxy, or ""."""

    @property
    def opens(self) -> bool:
        """Whether it lets us in where others are not: a log-in, or a header that may be one."""
        spoken = any(name.lower() not in _NO_LOGIN for name, _ in self.headers)
        return bool(self.username or self.password or spoken)

    def __repr__(self) -> str:
        return "Access(...)"


class Response(Struct, frozen=True, kw_only=True):
    """What one fetch brought. A 304 has an empty body; a 226 holds what is new alone (RFC 3229).

    ``wire`` is the payload as it came (``headers`` name its coding), ``body`` the
    same decoded; both within the size limits. ``started`` is UTC, ``seconds``
    the whole time with redirects.
    """

    requested: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    wire: bytes
    body: bytes
    started: datetime
    seconds: float
    redirects: tuple[Redirect, ...] = ()

    def __post_init__(self) -> None:
        require_utc(self.started, "started")

    def header(self, name: str) -> str | None:
        """The first value of a header, by any case; None where absent."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None

    def header_list(self, name: str) -> str | None:
        """All values of a header that is a list, in one (RFC 9110, 5.3); None where absent."""
        wanted = name.lower()
        values = [value for key, value in self.headers if key.lower() == wanted]
        return ", ".join(values) if values else None

    @property
    def partial(self) -> bool:
        """Whether only what is new came: nothing can be missing from it."""
        return self.status == 226

    @property
    def validators(self) -> Validators | None:
        """The validators of this very response, or None if it has none that can go back as it came."""
        etag, modified = (
            value if value is None or "\N{REPLACEMENT CHARACTER}" not in value else None
            for value in (self.header("etag"), self.header("last-modified"))
        )
        if etag is None and modified is None:
            return None
        return Validators(url=self.url, etag=etag, last_modified=modified)
