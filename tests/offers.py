"""Documents that name a hub, as the archive has them."""

from __future__ import annotations

from archivedesk import NOON, ONE, Desk, _settled, item
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.model.batch import Batch
from aggregator.model.push import HubSeen, Offer
from aggregator.model.settings import ArchiveSettings, NormalizeSettings
from aggregator.normalize import decide


def bring(
    archive: Archive, offer: Offer | None, *, feed: str = ONE, silent: bool = False, at=NOON
) -> None:
    """One document of a feed that names this hub."""
    desk = Desk(archive, ArchiveSettings())
    fetched = desk.fetched(feed, item(f"news of {feed}"), at=at)
    with archive.batch() as write:
        known = write.known([fetched])
        (decision,) = decide([fetched], known, now=at, settings=NormalizeSettings())
        settled = replace(_settled(decision), hub=HubSeen(offer=offer, silent=silent))
        write.store(Batch(at=at, settled=(settled,), hits=()))
