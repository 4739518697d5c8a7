"""What was submitted as a job, and what its workers are told while they work.

Revision: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    words = ("job", "recipe", "folder", "out", "orders", "fault")
    op.create_table(
        "controls",
        *(sa.Column(name, sa.Text, nullable=False) for name in words),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("planned", sa.BigInteger),
        sa.Column("submitted_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.PrimaryKeyConstraint("job", name="controls_key"),
    )
