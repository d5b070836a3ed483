"""Publish: a page of a topic as Atom, RSS, JSON Feed and HTML; files written only on change.

    Page + Site ─► documents ─► {path: bytes} ─► Folder.write

``documents`` and ``index_page`` are pure; ``Folder`` alone touches the disk.
"""

from aggregator.publish.files import Folder, retired
from aggregator.publish.formats import (
    documents,
    fingerprint,
    fingerprints,
    further_documents,
    index_page,
)
from aggregator.publish.site import (
    FEED_TYPES,
    HUB_PATH,
    PRIVATE,
    TOKEN_SIGNS,
    Overview,
    Site,
    feed_id,
    feed_paths,
    is_told,
    shown_path,
    site_of,
    stem,
    stems,
)

__all__ = [
    "FEED_TYPES",
    "HUB_PATH",
    "PRIVATE",
    "TOKEN_SIGNS",
    "Folder",
    "Overview",
    "Site",
    "documents",
    "feed_id",
    "feed_paths",
    "fingerprint",
    "fingerprints",
    "further_documents",
    "index_page",
    "is_told",
    "retired",
    "shown_path",
    "site_of",
    "stem",
    "stems",
]
