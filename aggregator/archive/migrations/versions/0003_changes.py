"""What publishers changed or took away is listed, newest first."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX revisions_changes ON revisions (seen, entry_key, number) WHERE number > 1"
    )
    op.execute(
        "CREATE INDEX entries_vanished ON entries (vanished, entry_key) WHERE vanished IS NOT NULL"
    )
    op.execute("CREATE INDEX revisions_late ON revisions (page_at, entry_key) WHERE page_at > seen")
