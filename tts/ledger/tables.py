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
    text,
    true,
)
from sqlalchemy.schema import SchemaItem

from tts.values import Usage

VERSION = "0003"
"""The newest migration; a database at this version is opened without Alembic."""

USAGE: tuple[str, ...] = Usage.__struct_fields__
"""The additive dimensions, in the order of their columns."""

UNKNOWABLE = frozenset({"nanodollars", "flops", "gpu_microseconds"})
METADATA = MetaData()
VIEWS = MetaData()
"""Names of views: read, never written."""


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


def call_columns() -> list[SchemaItem]:
    return [
        *words("job", "key", "problem_id", "operation", "version", "role", "model", "revision"),
        *words("input_hash", "parent_key"),
        Column("draw", Integer, nullable=False),
        Column("content", LargeBinary, nullable=False),
        *words("degraded"),
        *amounts(),
        PrimaryKeyConstraint("job", "key", name="calls_key"),
    ]


def attempt_columns() -> list[SchemaItem]:
    return [
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
    ]


def use_columns() -> list[SchemaItem]:
    return [
        *words("job", "run_id", "node", "key", "role", "name", "inputs", "origin"),
        Column("at", Double, nullable=False),
        *amounts(),
        PrimaryKeyConstraint("job", "run_id", "node", name="uses_key"),
    ]


OPERATIONS = Table(
    "operations",
    METADATA,
    Column("id", BigInteger, nullable=False, autoincrement=False),
    *words("job", "problem_id", "operation", "version", "role", "model", "revision"),
    *words("name", "price_version"),
    PrimaryKeyConstraint("id", name="operations_key"),
)
"""What the calls of one kind on one problem have in common."""

DONE = Table(
    "done",
    METADATA,
    *words("run_id", "node"),
    Column("key", LargeBinary, nullable=False),
    Column("operation", BigInteger, nullable=False),
    Column("input_hash", LargeBinary, nullable=False),
    *words("parent_key", "inputs"),
    Column("draw", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    *words("degraded"),
    *(Column(n, Double, nullable=False) for n in ("started_at", "queued_s", "latency_s")),
    *(Column(n, BigInteger, nullable=False) for n in ("process", "serial", "number")),
    *amounts(),
    *amounts("billed_"),
    *amounts("attributed_"),
    PrimaryKeyConstraint("run_id", "node", name="done_key"),
    Index("done_by_key", "key"),
)
"""The common case in one row: an answered attempt, its call, and the use that made it. Hashes are
kept as bytes."""

CALL_ROWS = Table(
    "call_rows", METADATA, *call_columns(), Index("calls_by_problem", "job", "problem_id")
)
ATTEMPT_ROWS = Table("attempt_rows", METADATA, *attempt_columns(), sqlite_with_rowid=False)
USE_ROWS = Table("use_rows", METADATA, *use_columns(), sqlite_with_rowid=False)
"""What is not in `done`: attempts that failed, draws that travelled together, uses that found
their call, and everything that version 0.1.0 wrote."""

OPENS = Table(
    "opens",
    METADATA,
    *(Column(n, BigInteger, nullable=False, autoincrement=False) for n in ("process", "serial")),
    Column("attempts", Text, nullable=False),
    PrimaryKeyConstraint("process", "serial", name="opens_key"),
    sqlite_with_rowid=False,
)
"""Attempts on their way, by transaction: rows of `OPEN` as JSON. Some may have ended since; the
row goes once all of them have."""

SPENT = Table(
    "spent",
    METADATA,
    *words("process", "amounts"),
    PrimaryKeyConstraint("process", name="spent_key"),
)
"""What the ended attempts of a process were billed, and how many of them there are."""

CALLS = Table("calls", VIEWS, *call_columns())
ATTEMPTS = Table("attempts", VIEWS, *attempt_columns())
OPEN_ATTEMPTS = Table("open_attempts", VIEWS, *attempt_columns())
USES = Table("uses", VIEWS, *use_columns())
"""Views: every call, attempt and use, wherever its row lies; the attempts that nobody settled."""

OUTCOMES = Table(
    "outcomes",
    METADATA,
    *words("job", "run_id", "node", "kind"),
    Column("content", LargeBinary, nullable=False),
    *amounts(),
    PrimaryKeyConstraint("job", "run_id", "node", "kind", name="outcomes_key"),
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
