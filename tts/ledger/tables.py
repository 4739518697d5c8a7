"""The schema: one table per kind of row, and the leases that processes share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    text,
    true,
)

from tts.values import Usage

VERSION = "0002"
"""The newest migration; a database at this version is opened without Alembic."""

USAGE: tuple[str, ...] = Usage.__struct_fields__
"""The additive dimensions, in the order of their columns."""

UNKNOWABLE = frozenset({"nanodollars", "flops", "gpu_microseconds"})
METADATA = MetaData()


def words(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in names]


def amounts(prefix: str = "", *, optional: bool = False) -> list[Column[Any]]:
    """A column per dimension; NULL is unknown, or nothing written yet where `optional`."""
    return [
        Column(prefix + name, BigInteger, nullable=optional or name in UNKNOWABLE) for name in USAGE
    ]


JOBS = Table(
    "jobs",
    METADATA,
    *words("job", "kind", "manifest"),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("job", name="jobs_key"),
)

RUNS = Table(
    "runs",
    METADATA,
    *words("job", "run_id", "problem_id", "strategy", "budget"),
    Column("replicate", Integer, nullable=False),
    Column("result", LargeBinary),
    Column("stopped_by", Text),
    Column("seconds", Double),
    *amounts("attributed_", optional=True),
    *amounts("billed_", optional=True),
    PrimaryKeyConstraint("job", "run_id", name="runs_key"),
    Index("runs_by_problem", "job", "problem_id"),
)

TEXTS = Table(
    "texts",
    METADATA,
    *words("hash"),
    Column("text", LargeBinary, nullable=False),
    PrimaryKeyConstraint("hash", name="texts_key"),
)

CALLS = Table(
    "calls",
    METADATA,
    *words("job", "key", "problem_id", "operation", "version", "role", "model", "revision"),
    *words("input_hash", "parent_key"),
    Column("draw", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    *words("degraded"),
    *amounts(),
    PrimaryKeyConstraint("job", "key", name="calls_key"),
    Index("calls_by_problem", "job", "problem_id"),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    *words("process"),
    Column("serial", BigInteger, nullable=False),
    *words("job", "attempt", "key", "run_id"),
    Column("number", Integer, nullable=False),
    *words("role", "model"),
    Column("started_at", Double, nullable=False),
    Column("queued_s", Double, nullable=False),
    *amounts("worst_"),
    Column("open", Boolean, nullable=False, server_default=true()),
    Column("state", Text, nullable=False, server_default=text("'sent_unknown'")),
    Column("latency_s", Double),
    Column("error", Text),
    Column("price_version", Text),
    *amounts("billed_", optional=True),
    PrimaryKeyConstraint("process", "serial", name="attempts_key"),
    sqlite_with_rowid=False,
)

USES = Table(
    "uses",
    METADATA,
    *words("job", "run_id", "node", "key", "role", "name", "inputs", "origin"),
    Column("at", Double, nullable=False),
    *amounts(),
    PrimaryKeyConstraint("job", "run_id", "node", name="uses_key"),
    sqlite_with_rowid=False,
)

OUTCOMES = Table(
    "outcomes",
    METADATA,
    *words("job", "run_id", "node", "kind"),
    Column("content", LargeBinary, nullable=False),
    *amounts(),
    PrimaryKeyConstraint("job", "run_id", "node", "kind", name="outcomes_key"),
)

CANDIDATES = Table(
    "candidates",
    METADATA,
    *words("job", "run_id", "key", "parent_key"),
    Column("final", Boolean, nullable=False, server_default=false()),
    Column("answer", Text),
    Column("value", Double),
    *words("steps"),
    PrimaryKeyConstraint("job", "run_id", "key", name="candidates_key"),
)

LEASES = Table(
    "leases",
    METADATA,
    *words("job", "kind", "name", "owner"),
    Column("amounts", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    *words("host"),
    Column("pid", BigInteger, nullable=False),
    *words("born"),
    Column("beat_at", Double, nullable=False),
    PrimaryKeyConstraint("job", "kind", "name", name="leases_key"),
)

RATE_WINDOWS = Table(
    "rate_windows",
    METADATA,
    *words("name"),
    *(Column(name, BigInteger, nullable=False) for name in ("window", "calls", "tokens")),
    PrimaryKeyConstraint("name", "window", name="rate_windows_key"),
)
"""What was leased of each window of a rate; of all jobs, since they use one account."""
