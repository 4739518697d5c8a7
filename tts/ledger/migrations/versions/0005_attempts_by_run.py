"""The attempts of a run are found by an index: what it was billed before is asked when it goes on.

Revision: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.create_index("attempts_by_run", "attempt_rows", ["run_id"])
