"""From the rows of the journal to the values of the columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Literal

import msgspec

from tts.ledger.redact import redact
from tts.ledger.tables import USAGE
from tts.protocols import (
    CallRow,
    CandidateRow,
    JobRow,
    OutcomeRow,
    RunRow,
    SettledRow,
    TextRow,
    UseRow,
)

Target = Literal[
    "jobs",
    "runs",
    "texts",
    "calls",
    "intents",
    "attempts",
    "settled",
    "uses",
    "outcomes",
    "candidates",
]
"""A kind of write: tables, and the two halves of an attempt."""


def dotted(field: str) -> tuple[str, ...]:
    return tuple(f"{field}.{name}" for name in USAGE)


def prefixed(prefix: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in USAGE)


Names = tuple[str, ...]
JOB: Names = ("job", "kind", "manifest", "created_at")
RUN: Names = ("job", "run_id", "problem_id", "strategy", "budget", "replicate")
RUN += ("result", "stopped_by", "seconds")
CALL: Names = ("job", "key", "problem_id", "operation", "version", "role", "model", "revision")
CALL += ("input_hash", "parent_key")
INTENT: Names = ("job", "attempt", "key", "run_id", "number", "role", "model", "started_at")
INTENT += ("queued_s",)
ENDED: Names = ("state", "latency_s", "error", "price_version")
USE: Names = ("job", "run_id", "node", "key", "role", "name", "inputs", "origin", "at")
OUTCOME: Names = ("job", "run_id", "node", "kind", "content")
CANDIDATE: Names = ("job", "run_id", "key", "parent_key", "final", "answer", "value", "steps")
INTENTS: Names = ("process", "serial", *INTENT, *prefixed("worst_"))
ENDING: Names = ("open", *ENDED, *prefixed("billed_"))
SETTLED: Names = (*ENDING, "process", "serial")

COLUMNS: Mapping[Target, tuple[str, tuple[str, ...]]] = {
    "jobs": ("jobs", JOB),
    "runs": ("runs", (*RUN, *prefixed("attributed_"), *prefixed("billed_"))),
    "texts": ("texts", ("hash", "text")),
    "calls": ("calls", (*CALL, "draw", "content", "degraded", *USAGE)),
    "intents": ("attempts", INTENTS),
    "attempts": ("attempts", (*INTENTS, *ENDING)),
    "uses": ("uses", (*USE, *USAGE)),
    "outcomes": ("outcomes", (*OUTCOME, *USAGE)),
    "candidates": ("candidates", CANDIDATE),
}

Encoder = Callable[[Any], tuple[Any, ...]]
job_values: Encoder = attrgetter(*JOB)
call_values: Encoder = attrgetter(*CALL, "index", "content", "degraded", *dotted("usage"))
intent_values: Encoder = attrgetter(*INTENT, *dotted("worst"))
use_values: Encoder = attrgetter(*USE, *dotted("attributed"))
outcome_values: Encoder = attrgetter(*OUTCOME, *dotted("attributed"))
usage_values: Encoder = attrgetter(*USAGE)
run_values: Encoder = attrgetter(*RUN)
ended_values: Encoder = attrgetter(*ENDED, *dotted("billed"))
UNSPENT = (None,) * len(USAGE)


def storable(text: str) -> str:
    """A text that every database takes: without NUL and without halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def encode_run(row: RunRow) -> tuple[Any, ...]:
    attributed = usage_values(row.attributed) if row.attributed else UNSPENT
    billed = usage_values(row.billed) if row.billed else UNSPENT
    return (*run_values(row), *attributed, *billed)


def encode_text(row: TextRow) -> tuple[Any, ...]:
    return (row.hash, row.text.encode("utf-8", "surrogatepass"))


def encode_candidate(row: CandidateRow) -> tuple[Any, ...]:
    answer = None if row.answer is None else storable(row.answer)
    steps = msgspec.json.encode(row.steps).decode()
    return (row.job, row.run_id, row.key, row.parent_key, row.final, answer, row.value, steps)


def encode_settled(row: SettledRow) -> tuple[Any, ...]:
    if row.error:
        row = msgspec.structs.replace(row, error=storable(redact(row.error)))
    return (False, *ended_values(row))


def encode_outcome(row: OutcomeRow) -> tuple[Any, ...]:
    if row.kind == "failed":
        content = redact(row.content.decode("utf-8", "replace")).encode()
        row = msgspec.structs.replace(row, content=content)
    return outcome_values(row)


PLAIN: Mapping[type, tuple[Target, Encoder]] = {
    TextRow: ("texts", encode_text),
    CallRow: ("calls", call_values),
    UseRow: ("uses", use_values),
    OutcomeRow: ("outcomes", encode_outcome),
    CandidateRow: ("candidates", encode_candidate),
    RunRow: ("runs", encode_run),
    JobRow: ("jobs", job_values),
}
"""Every row that stands alone; the two halves of an attempt meet in `Batch`."""
