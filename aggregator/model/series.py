"""What the further feeds of a topic tell: its digests, and the corrections of its stories."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from aggregator.model.entry import EntryId
from aggregator.model.topic import PageEntry, Topic


class Digest(Struct, frozen=True, kw_only=True):
    """The stories that a topic announced in a period that is over, in the order they came in,
    each as it was shown when the period ended."""

    begin: datetime
    end: datetime
    stories: tuple[PageEntry, ...]


class DigestFeed(Struct, frozen=True, kw_only=True):
    """The newest digests of a topic, newest first. ``since``: when the topic was made, or edited last;
    ``until`` ends the last period that is over, whether or not it brought a story."""

    topic: Topic
    token: str
    since: datetime
    until: datetime
    digests: tuple[Digest, ...]


class Wording(Struct, frozen=True, kw_only=True):
    """The words of one state of an entry, as its publisher had them."""

    title: str
    summary: str
    text: str
    authors: tuple[str, ...]


class Correction(Struct, frozen=True, kw_only=True):
    """What a publisher changed of an entry after we first saw it: the state ``before``, and
    ``after``, which is revision ``number`` and was ``seen`` then."""

    entry: EntryId
    number: int
    seen: datetime
    before: Wording
    after: Wording
    url: str | None
    lang: str
    origin_id: str
    origin_title: str
    origin_feed: str
    origin_feed_id: str
    origin_home: str


class CorrectionsFeed(Struct, frozen=True, kw_only=True):
    """The newest corrections of what a topic holds, newest first. ``since``: when the topic was made,
    or edited last."""

    topic: Topic
    token: str
    since: datetime
    corrections: tuple[Correction, ...]
