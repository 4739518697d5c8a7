"""One row for the common case of a call; calls, attempts and uses become views.

Revision: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from tts.ledger.views import create_views

revision = "0003"
down_revision: str | None = "0002"

TOKENS = (
    "calls",
    "prompt_tokens",
    "cached_prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
)
MEASURES = ("nanodollars", "flops", "gpu_microseconds")
USAGE = (*TOKENS, *MEASURES)


def words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False) for name in names]


def amounts(prefix: str = "") -> list[sa.Column[Any]]:
    measures = [sa.Column(prefix + name, sa.BigInteger) for name in MEASURES]
    return [*numbers(*(prefix + name for name in TOKENS)), *measures]


def upgrade() -> None:
    for name in ("call", "attempt", "use"):
        op.rename_table(f"{name}s", f"{name}_rows")
    op.drop_table("candidates")
    create_done()
    create_open()
    create_views(USAGE)


def create_done() -> None:
    op.create_table(
        "operations",
        *numbers("id"),
        *words("job", "problem_id", "operation", "version", "role", "model", "revision"),
        *words("name", "price_version"),
        sa.PrimaryKeyConstraint("id", name="operations_key"),
    )
    op.create_table(
        "done",
        *words("run_id", "node"),
        sa.Column("key", sa.LargeBinary, nullable=False),
        *numbers("operation"),
        sa.Column("input_hash", sa.LargeBinary, nullable=False),
        *words("parent_key", "inputs"),
        sa.Column("draw", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        *words("degraded"),
        *(
            sa.Column(name, sa.Double, nullable=False)
            for name in ("started_at", "queued_s", "latency_s")
        ),
        *numbers("process", "serial"),
        sa.Column("number", sa.Integer, nullable=False),
        *amounts(),
        *amounts("billed_"),
        *amounts("attributed_"),
        sa.PrimaryKeyConstraint("run_id", "node", name="done_key"),
    )
    op.create_index("done_by_key", "done", ["key"])


def create_open() -> None:
    op.create_table(
        "opens",
        *numbers("process", "serial"),
        *words("attempts"),
        sa.PrimaryKeyConstraint("process", "serial", name="opens_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "spent", *words("process", "amounts"), sa.PrimaryKeyConstraint("process", name="spent_key")
    )
