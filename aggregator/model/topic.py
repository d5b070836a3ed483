"""A topic, what it caught, and the pages that are published of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from aggregator.model.entry import Enclosure, EntryId, StoryId
from aggregator.model.period import Period
from aggregator.model.time import require_utc


class Collapse(StrEnum):
    """Whether a topic shows a story once, or every entry."""

    STORY = "story"
    NONE = "none"


class Detail(StrEnum):
    """How much of an entry a topic feed carries."""

    FULL = "full"
    SUMMARY = "summary"


class Series(StrEnum):
    """One of the feeds of a topic; the value is a part of its address."""

    STORIES = ""
    DIGEST = "digest"
    CORRECTIONS = "corrections"


class Topic(Struct, frozen=True, kw_only=True):
    """A named query and how its feed is published: a table of topics.toml."""

    slug: str
    title: str
    query: str
    description: str = ""
    collapse: Collapse = Collapse.STORY
    detail: Detail = Detail.FULL
    include: tuple[str, ...] = ()
    """Feed URLs or folder names it looks at; empty means all."""
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    minimum_length: int = 0
    """Characters of plain text an entry must have."""
    must: tuple[str, ...] = ()
    """Headlines, sentences or entry ids that it must catch; ``must_not``: that it must not."""
    must_not: tuple[str, ...] = ()
    cap_per_day: int = 0
    """The most stories it announces a day (UTC), 0 for no cap; ``cap_per_source``: of one feed."""
    cap_per_source: int = 0
    private: bool = False
    """Whether it is published at an address that nobody can guess, and named nowhere."""
    digest: Period | None = None
    """How often a second feed sums up what was announced; None for no such feed."""
    corrections: bool = False
    """Whether a further feed shows what publishers changed of its stories."""

    @property
    def series(self) -> tuple[Series, ...]:
        """The feeds it is published as."""
        digest = (Series.DIGEST,) if self.digest else ()
        corrections = (Series.CORRECTIONS,) if self.corrections else ()
        return (Series.STORIES, *digest, *corrections)


class Mute(Struct, frozen=True, kw_only=True):
    """What no topic takes up: what satisfies one of the queries, or comes from one of the feeds
    (addresses, titles or folders)."""

    queries: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()


class TopicEdit(Struct, frozen=True, kw_only=True):
    """What filling a new or edited topic from the archive came to, in stories (entries, where it
    does not collapse).

    ``went``: held, but not accepted any more. They stay: a topic feed is a complete record.
    ``back``: it was configured before, was not meanwhile, and is again, edited or not.
    ``gone``: the topic itself is configured no more, and is published no more.
    """

    topic: str
    new: bool
    came: int
    went: int
    back: bool = False
    gone: bool = False


class LeavingTopic(Struct, frozen=True, kw_only=True):
    """A topic that is configured no more and goes on all the same, as it was, until its time is over:
    what cut a file off must not take its subscribers away, since none comes back after a 410."""

    topic: Topic
    until: datetime

    def __post_init__(self) -> None:
        require_utc(self.until, "until")


class TopicDifference(Struct, frozen=True, kw_only=True):
    """What filling an edited topic would change: the entries of stories (entries, where it does not
    collapse) that would come, and of those that are held and not accepted any more; newest first.
    ``back`` as in :class:`TopicEdit`."""

    topic: str
    came: tuple[EntryId, ...]
    went: tuple[EntryId, ...]
    back: bool = False


class Hit(Struct, frozen=True, kw_only=True):
    """A story that a topic caught, with the entry and revision it shows.

    Append-only: a correction is a further Hit with the new revision; the latest
    counts. ``announced`` hits reach the subscription page, silent ones only
    archive pages. ``reason`` says which words satisfied the query.
    """

    topic: str
    story: StoryId
    entry: EntryId
    revision: int
    announced: bool
    reason: str = ""


class Backlog(Struct, frozen=True, kw_only=True):
    """What a new or edited topic finds in the archive, oldest first, by this definition of it."""

    topic: str
    hits: tuple[Hit, ...]
    definition: str


class Source(Struct, frozen=True, kw_only=True):
    """Another place that carried the story."""

    title: str
    url: str


class PageEntry(Struct, frozen=True, kw_only=True):
    """One entry of a published page, in the words of all three formats.

    ``id`` is the story's id (the entry's where ``collapse = none``); ``updated``
    is when this state reached us, ``published`` the publisher's date or first
    sight; both always there. ``origin_*`` credit where it came from.
    """

    id: str
    entry: EntryId
    url: str | None
    title: str
    summary: str
    html: str
    text: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    lang: str
    published: datetime
    updated: datetime
    image: str | None
    enclosures: tuple[Enclosure, ...]
    origin_id: str
    """The entry's id at its publisher (guid, else link), or our entry id."""
    origin_title: str
    origin_feed: str
    origin_home: str
    also_in: tuple[Source, ...]
    reason: str
    corrected: bool
    vanished: bool
    origin_feed_id: str = ""
    """The id that the publisher's feed gives itself, where it is an Atom feed."""
    vanished_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(self.published, "published")
        require_utc(self.updated, "updated")
        require_utc(self.vanished_at, "vanished_at")


class Page(Struct, frozen=True, kw_only=True):
    """One document of a topic feed (RFC 5005): newest entry first.

    ``number`` is None for the subscription page, else 1 for the oldest archive
    page and up. ``previous``/``next`` are archive page numbers or None: an archive
    page that has a next one is full, and never changes. The same Page gives the same
    bytes in every format.
    """

    topic: Topic
    number: int | None
    entries: tuple[PageEntry, ...]
    updated: datetime
    previous: int | None = None
    next: int | None = None
    total: int = 0
    """Stories the topic holds on all pages."""
    grown: int = 0
    """How far the page that still fills has grown, where it is this one or the previous."""
    token: str = ""
    """The secret in the address of a private topic; "" for all others."""
    series: Series = Series.STORIES

    def __post_init__(self) -> None:
        require_utc(self.updated, "updated")


class Silence(StrEnum):
    """Why a topic holds a story that it did not announce."""

    NO_NEWS = "no news when it came"
    FILLED = "it came from the archive, when the topic was new or edited"
    CAPPED = "beyond the topic's cap"
    CORRECTED = "it matches since it was corrected: no news by then, or beyond the topic's cap"


class Standing(Struct, frozen=True, kw_only=True):
    """How a topic holds a story: since when, whether it ever announced it, and if not, why."""

    since: datetime
    announced: bool
    silence: Silence | None = None


class TopicState(Struct, frozen=True, kw_only=True):
    """What lists and the index page show of a topic."""

    topic: Topic
    stories: int
    announced: int
    newest: datetime | None
    """When the newest of its stories (entries, where it does not collapse) was first seen."""
    version: int
    """Grows with each change of its content."""
    published_version: int
    """The version last written; less than ``version`` means behind."""
    edited: datetime | None = None
    """When it was last filled from the archive: as a new one, or because its query or limits had
    changed; then ``came`` and ``went`` are as in :class:`TopicEdit`."""
    came: int = 0
    went: int = 0
    token: str = ""
    """The secret in the address of a private topic; "" for all others."""
