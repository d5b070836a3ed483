"""Publish: a page of a topic as Atom, RSS, JSON Feed and HTML; files written only on change.

    Page + Site ─► documents ─► {path: bytes} ─► Folder.write

``documents``, ``index_page`` and ``directory`` are pure; ``Folder`` alone touches the disk.
"""

from aggregator.publish.files import Folder, retired
from aggregator.publish.formats import (
    directory,
    documents,
    fingerprint,
    fingerprints,
    further_documents,
    index_page,
    status_documents,
)
from aggregator.publish.site import (
    FEED_TYPES,
    HUB_PATH,
    PRIVATE,
    STATUS,
    TOKEN_SIGNS,
    Card,
    Overview,
    Site,
    feed_id,
    feed_paths,
    is_told,
    only_here,
    shown_path,
    site_of,
    stem,
    stems,
)
from aggregator.publish.turn import sole_publisher

__all__ = [
    "FEED_TYPES",
    "HUB_PATH",
    "PRIVATE",
    "STATUS",
    "TOKEN_SIGNS",
    "Card",
    "Folder",
    "Overview",
    "Site",
    "directory",
    "documents",
    "feed_id",
    "feed_paths",
    "fingerprint",
    "fingerprints",
    "further_documents",
    "index_page",
    "is_told",
    "only_here",
    "retired",
    "shown_path",
    "site_of",
    "sole_publisher",
    "status_documents",
    "stem",
    "stems",
]
