"""The schema: one table per kind of row, and the leases that processes share.

The columns of a row are those of its type (`tts.ledger.codec`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
    true,
)
from sqlalchemy.schema import SchemaItem

from tts.ledger.codec import CALL, INTENT, JOB, OUTCOME, RUN, SETTLED, USE, Shape, amounts

METADATA = MetaData()
VIEWS = MetaData()
"""Names of views: read, never written."""


def words(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in names]


def numbers(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=False, autoincrement=False) for name in names]


JOBS = Table("jobs", METADATA, *JOB.columns(), PrimaryKeyConstraint("job", name="jobs_key"))

RUNS = Table(
    "runs",
    METADATA,
    *RUN.columns(),
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
    return [*CALL.columns(), PrimaryKeyConstraint("job", "key", name="calls_key")]


def attempt_columns() -> list[SchemaItem]:
    """What its intent says, and how it ended, once it has."""
    return [
        *words("process"),
        *numbers("serial"),
        *INTENT.columns(),
        Column("open", Boolean, nullable=False, server_default=true()),
        Column("state", Text, nullable=False, server_default=text("'sent_unknown'")),
        *SETTLED.columns(optional=True),
        PrimaryKeyConstraint("process", "serial", name="attempts_key"),
    ]


def use_columns() -> list[SchemaItem]:
    return [*USE.columns(), PrimaryKeyConstraint("job", "run_id", "node", name="uses_key")]


OPERATIONS = Table(
    "operations",
    METADATA,
    *numbers("id"),
    *words("job", "problem_id", "operation", "version", "role", "model", "revision"),
    *words("name", "price_version"),
    PrimaryKeyConstraint("id", name="operations_key"),
)
"""What the calls of one kind on one problem have in common."""

IMPLIED = {"attempt", "state", "error", "origin", "at"}
"""Of an answered attempt and of the use that made it: they follow from the rest."""


SHARED: Mapping[str, Shape[Any]] = {
    "call": CALL,
    "use": USE,
    "intent": INTENT,
    "settled": SETTLED,
}


def done_fields() -> Mapping[str, tuple[str, ...]]:
    """By kind of row, the plain fields that are columns of `done`: each once."""
    known = {*IMPLIED, *OPERATIONS.c.keys(), "key", "input_hash"}
    found: dict[str, tuple[str, ...]] = {}
    for name, shape in SHARED.items():
        found[name] = tuple(field for field in shape.fields if field not in known)
        known |= {*found[name]}
    return found


DONE_FIELDS = done_fields()
DONE = Table(
    "done",
    METADATA,
    *(Column(name, LargeBinary, nullable=False) for name in ("key", "input_hash")),
    *numbers("operation", "process", "serial"),
    *(column for name, fields in DONE_FIELDS.items() for column in SHARED[name].plain(*fields)),
    *(column for prefix in ("", "billed_", "attributed_") for column in amounts(prefix)),
    PrimaryKeyConstraint("run_id", "node", name="done_key"),
    Index("done_by_key", "key"),
)
"""The common case in one row: an answered attempt, its call, and the use that made it. Hashes are
kept as bytes."""

CALL_ROWS = Table(
    "call_rows", METADATA, *call_columns(), Index("calls_by_problem", "job", "problem_id")
)
ATTEMPT_ROWS = Table(
    "attempt_rows",
    METADATA,
    *attempt_columns(),
    Index("attempts_by_run", "run_id"),
    sqlite_with_rowid=False,
)
USE_ROWS = Table("use_rows", METADATA, *use_columns(), sqlite_with_rowid=False)
"""What is not in `done`: attempts that failed, draws that travelled together, uses that found
their call, and everything that version 0.1.0 wrote."""

OPENS = Table(
    "opens",
    METADATA,
    *numbers("process", "serial"),
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
    *OUTCOME.columns(),
    PrimaryKeyConstraint("job", "run_id", "node", "kind", name="outcomes_key"),
)

LEASES = Table(
    "leases",
    METADATA,
    *words("job", "kind", "name", "owner"),
    Column("amounts", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    *words("host"),
    *numbers("pid"),
    *words("born"),
    Column("beat_at", Double, nullable=False),
    PrimaryKeyConstraint("job", "kind", "name", name="leases_key"),
)

RATE_WINDOWS = Table(
    "rate_windows",
    METADATA,
    *words("name"),
    *numbers("window", "calls", "tokens"),
    PrimaryKeyConstraint("name", "window", name="rate_windows_key"),
)
"""What was leased of each window of a rate; of all jobs, since they use one account."""

CONTROLS = Table(
    "controls",
    METADATA,
    *words("job", "recipe", "folder", "out", "orders", "fault", "estimate"),
    *numbers("version"),
    Column("planned", BigInteger),
    Column("submitted_at", Double, nullable=False),
    Column("ended_at", Double),
    PrimaryKeyConstraint("job", name="controls_key"),
)
"""What was submitted, and what its workers are told while they work."""
