"""The archive: feeds, entries, revisions, stories, hits, captures; kept for good.

``schema`` draws the tables. Everything else comes in and goes out through
:class:`Archive`, whose methods are transactions.
"""

from aggregator.archive.archive import Archive, open_archive
from aggregator.archive.attaching import Attached
from aggregator.archive.backup import check_backup
from aggregator.archive.batch import WriteBatch
from aggregator.archive.boilerplate import Blocks
from aggregator.archive.fetchlog import FetchRecord
from aggregator.archive.following import TopicsSynced, not_private
from aggregator.archive.lock import holder_of
from aggregator.archive.opening import disks, refuse_lost, versions
from aggregator.archive.published import Published
from aggregator.archive.pushes import Pushes
from aggregator.archive.restoring import check_restore, restore
from aggregator.archive.soundness import Soundness
from aggregator.archive.subscribers import Subscribers
from aggregator.archive.upkeep import ArchiveInfo, Stats

__all__ = [
    "Archive",
    "ArchiveInfo",
    "Attached",
    "Blocks",
    "FetchRecord",
    "Published",
    "Pushes",
    "Soundness",
    "Stats",
    "Subscribers",
    "TopicsSynced",
    "WriteBatch",
    "check_backup",
    "check_restore",
    "disks",
    "holder_of",
    "not_private",
    "open_archive",
    "refuse_lost",
    "restore",
    "versions",
]
