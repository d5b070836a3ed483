"""Publish: a page of a topic as Atom, RSS, JSON Feed and HTML; files written only on change.

    Page + Site ─► documents ─► {path: bytes} ─► Folder.write

``documents`` and ``index_page`` are pure; ``Folder`` alone touches the disk.
"""

from aggregator.publish.files import Folder, retired
from aggregator.publish.formats import documents, index_page
from aggregator.publish.site import Overview, Site, feed_id, stem

__all__ = ["Folder", "Overview", "Site", "documents", "feed_id", "index_page", "retired", "stem"]
