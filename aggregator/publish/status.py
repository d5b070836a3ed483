"""The feeds' troubles as a feed of their own: an entry for what began or ended, at one time, alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from uuid import UUID, uuid5

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model.address import shown_feed
from aggregator.model.entry import EntryId
from aggregator.model.feed import Trouble
from aggregator.model.notice import REMOVED, Notice, NoticeRecord
from aggregator.model.topic import Page, PageEntry, Topic
from aggregator.publish.site import STATUS, Site
from aggregator.publish.text import one_line, shorten
from aggregator.publish.wording import NONE_YET, TEASER

# Name space of these entries' ids. Never changes: readers know them by these ids.
_STATUS = UUID("7d20b5c9-41f6-5e83-9c0a-6b1d48e7f305")
_TOPIC = Topic(
    slug=STATUS.rpartition("/")[2],
    title="Status of the feeds",
    query="",
    description="Feeds that broke and recovered, that may have been missed, fell silent, came empty, cut off or too long",
)
# What so many feeds tell in the same words within so long is one entry: it has one cause.
_TOGETHER = timedelta(hours=1)
_SHOWN, _NAMED = 50, 3
_BEGUN = {
    Trouble.BROKEN: "Broken", Trouble.MISSED: "Entries may be missed", Trouble.STALE: "Silent", Trouble.EMPTY: "Empty",
    Trouble.CUT: "Cut off", Trouble.LONG: "Too long",
}  # fmt: skip
_OVER = {
    Trouble.BROKEN: "Recovered", Trouble.MISSED: "Nothing is missed", Trouble.STALE: "Speaks again", Trouble.EMPTY: "Filled again",
    Trouble.CUT: "Whole again", Trouble.LONG: "Read whole",
}  # fmt: skip


class _Group(Struct):
    """Notices that say the same; it is known by its first. ``over``: one of its feeds has told
    something else of that trouble since, so that what comes later is another matter."""

    first: NoticeRecord
    members: list[NoticeRecord] = field(default_factory=list)
    over: bool = False

    def takes(self, notice: Notice) -> bool:
        return not self.over and notice.at - self.first.notice.at <= _TOGETHER


def status_page(notices: Sequence[NoticeRecord], site: Site, *, whole: bool = True) -> Page:
    """The page of these notices, which are in order, oldest first. Pure.

    ``whole``: no notice before the first of them exists; else what the first belongs to is
    left out, since it may have begun earlier.
    """
    groups = _grouped(notices)
    if not whole:
        groups = groups[1:]
    newest = sorted(groups, key=lambda group: group.members[-1].notice.at, reverse=True)[:_SHOWN]
    address = site.url(f"{STATUS}.html")
    return Page(
        topic=_TOPIC,
        number=None,
        entries=tuple(_entry(group, address) for group in newest),
        updated=max((group.members[-1].notice.at for group in groups), default=NONE_YET),
        total=len(newest),
    )


def _grouped(notices: Sequence[NoticeRecord]) -> list[_Group]:
    groups: list[_Group] = []
    latest: dict[tuple[Trouble, bool, str], _Group] = {}
    said: dict[tuple[str, Trouble], _Group] = {}
    for record in notices:
        notice = record.notice
        key = (notice.trouble, notice.over, notice.message)
        group = latest.get(key)
        if group is None or not group.takes(notice):
            group = latest[key] = _Group(record)
            groups.append(group)
        # The end of a removed feed is told once, whatever was wrong with it.
        for trouble in Trouble if notice.message == REMOVED else (notice.trouble,):
            before = said.get((record.feed, trouble))
            if before is not None and before is not group:
                before.over = True
            said[record.feed, trouble] = group
        group.members.append(record)
    return groups


def _shown(record: NoticeRecord) -> NoticeRecord:
    """With no secret in the feed's address, nor in what it goes by where that is its address."""
    return replace(
        record,
        feed=shown_feed(record.feed),
        feed_title=shown_feed(record.feed_title),
        feed_home=shown_feed(record.feed_home),
    )


def _entry(group: _Group, address: str) -> PageEntry:
    first, last = group.first.notice, group.members[-1].notice
    name = uuid5(_STATUS, f"{group.first.feed} {first.trouble} {first.over} {first.at.isoformat()}")
    # Of one whose address holds a secret, the id and the group go by the whole of it.
    members = {one.feed: _shown(one) for one in group.members}
    message = f"{first.message[:1].upper()}{first.message[1:]}."
    plain = one_line(f"{message} {_names(list(members.values()), len(members))}")
    alone = _shown(group.first) if len(members) == 1 else None
    return PageEntry(
        id=name.urn,
        entry=EntryId(name.urn),
        url=f"{address}#{name}",
        title=_title(_shown(group.first), len(members)),
        summary=shorten(plain, TEASER),
        html=f"<p>{escape(message)}</p><ul>{''.join(map(_item, members.values()))}</ul>",
        text=plain,
        authors=(),
        categories=(first.trouble.value,),
        lang="en",
        published=first.at,
        updated=last.at,
        image=None,
        enclosures=(),
        origin_id=name.urn,
        origin_title=alone.feed_title if alone else "",
        origin_feed=alone.feed if alone else "",
        origin_home=alone.feed_home if alone else "",
        also_in=(),
        reason="",
        corrected=False,
        vanished=False,
    )


def _title(first: NoticeRecord, count: int) -> str:
    notice = first.notice
    word = (_OVER if notice.over else _BEGUN)[notice.trouble]
    if notice.over and notice.message == REMOVED:
        word = "Removed"
    if count > 1:
        return f"{word}: {count:,} feeds"
    return one_line(f"{word}: {first.feed_title}")


def _names(members: Sequence[NoticeRecord], count: int) -> str:
    some = "; ".join(map(_named, members[:_NAMED]))
    return some if count <= _NAMED else f"{some}; and {count - _NAMED:,} more"


def _named(one: NoticeRecord) -> str:
    return f"{one.feed_title} ({one.feed})" if _has_title(one) else one.feed


def _has_title(one: NoticeRecord) -> bool:
    """Whether it is called something else than its address."""
    return one.feed_title != one.feed


def _item(one: NoticeRecord) -> str:
    """A feed as an item of the list: its name, linked to its home, and its address, where that is
    not its name."""
    title = escape(one_line(one.feed_title))
    home = escape(one.feed_home)
    named = f'<a href="{home}">{title}</a>' if home.startswith(("http://", "https://")) else title
    address = f" <code>{escape(one.feed)}</code>" if _has_title(one) else ""
    return f"<li>{named}{address}</li>"
