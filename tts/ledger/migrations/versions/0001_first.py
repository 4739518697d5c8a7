"""The first schema.

Revision: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

TOKENS = (
    "calls",
    "prompt_tokens",
    "cached_prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
)
MEASURES = ("nanodollars", "flops", "gpu_microseconds")


def words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def amounts(prefix: str = "", *, optional: bool = False) -> list[sa.Column[Any]]:
    counted = [sa.Column(prefix + name, sa.BigInteger, nullable=optional) for name in TOKENS]
    return [*counted, *(sa.Column(prefix + name, sa.BigInteger) for name in MEASURES)]


def upgrade() -> None:
    create_jobs()
    create_calls()
    create_attempts()
    create_uses()
    create_leases()


def create_jobs() -> None:
    op.create_table(
        "jobs",
        *words("job", "kind", "manifest"),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("job", name="jobs_key"),
    )
    op.create_table(
        "runs",
        *words("job", "run_id", "problem_id", "strategy", "budget"),
        sa.Column("replicate", sa.Integer, nullable=False),
        sa.Column("result", sa.LargeBinary),
        sa.Column("stopped_by", sa.Text),
        sa.Column("seconds", sa.Double),
        *amounts("attributed_", optional=True),
        *amounts("billed_", optional=True),
        sa.PrimaryKeyConstraint("job", "run_id", name="runs_key"),
    )
    op.create_index("runs_by_problem", "runs", ["job", "problem_id"])


def create_calls() -> None:
    op.create_table(
        "texts",
        *words("hash"),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="texts_key"),
    )
    op.create_table(
        "calls",
        *words("job", "key", "problem_id", "operation", "version", "role", "model", "revision"),
        *words("input_hash", "parent_key"),
        sa.Column("draw", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        *words("degraded"),
        *amounts(),
        sa.PrimaryKeyConstraint("job", "key", name="calls_key"),
    )
    op.create_index("calls_by_problem", "calls", ["job", "problem_id"])


def create_attempts() -> None:
    op.create_table(
        "attempts",
        *words("process"),
        sa.Column("serial", sa.BigInteger, nullable=False),
        *words("job", "attempt", "key", "run_id"),
        sa.Column("number", sa.Integer, nullable=False),
        *words("role", "model"),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("queued_s", sa.Double, nullable=False),
        *amounts("worst_"),
        sa.Column("open", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'sent_unknown'")),
        sa.Column("latency_s", sa.Double),
        sa.Column("error", sa.Text),
        sa.Column("price_version", sa.Text),
        *amounts("billed_", optional=True),
        sa.PrimaryKeyConstraint("process", "serial", name="attempts_key"),
        sqlite_with_rowid=False,
    )


def create_uses() -> None:
    op.create_table(
        "uses",
        *words("job", "run_id", "node", "key", "role", "name", "inputs", "origin"),
        sa.Column("at", sa.Double, nullable=False),
        *amounts(),
        sa.PrimaryKeyConstraint("job", "run_id", "node", name="uses_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outcomes",
        *words("job", "run_id", "node", "kind"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        *amounts(),
        sa.PrimaryKeyConstraint("job", "run_id", "node", "kind", name="outcomes_key"),
    )
    op.create_table(
        "candidates",
        *words("job", "run_id", "key", "parent_key"),
        sa.Column("final", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("answer", sa.Text),
        sa.Column("value", sa.Double),
        *words("steps"),
        sa.PrimaryKeyConstraint("job", "run_id", "key", name="candidates_key"),
    )


def create_leases() -> None:
    op.create_table(
        "leases",
        *words("job", "kind", "name", "owner"),
        sa.Column("amounts", sa.Text, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        *words("host"),
        sa.Column("pid", sa.BigInteger, nullable=False),
        *words("born"),
        sa.Column("beat_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("job", "kind", "name", name="leases_key"),
    )
