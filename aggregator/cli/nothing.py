"""Why a query found nothing, as far as it can be told: on standard error, for the person who typed it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aggregator.cli.output import note, one_line

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.model.person import Person
    from aggregator.query import Query


def tell_why_nothing(
    archive: Archive, typed: Query, bound: Query, people: Iterable[Person]
) -> None:
    """A line for each person, feed and folder that nothing goes by; one alone for an empty archive.

    ``bound`` is the query as it was ``typed``, with the ``people`` and topics that it names in place.
    """
    from aggregator.topics import misnamed, nobody, nowhere

    feeds = archive.feeds()
    if not any(feed.entries for feed in feeds):
        note("the archive is empty: aggregator collect fills it")
        return
    for asked, near in nobody(typed, people):
        note(one_line(misnamed(asked, near)))
    for asked in nowhere(bound, feeds):
        note(f"{one_line(asked)} names no feed or folder that anything came from")
