"""What a pilot foretold of a job.

Revision: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    op.add_column(
        "controls", sa.Column("estimate", sa.Text, nullable=False, server_default=sa.text("''"))
    )
