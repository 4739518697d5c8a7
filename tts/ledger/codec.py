"""Between the rows of the journal and the columns of the tables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Literal, TypeVar

import msgspec
from msgspec.structs import astuple

from tts.ledger.tables import DONE, OPERATIONS, USAGE
from tts.protocols import (
    CallRow,
    IntentRow,
    JobRow,
    OutcomeRow,
    RunRow,
    SettledRow,
    TextRow,
    UseRow,
)
from tts.values import Usage

NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
SHAPES = re.compile(
    r"(?i)(?<=bearer )[^\s\"',}]+"
    r"|\bsk-[\w-]{8,}"
    r"|(?<=key=)[^\s&\"',}]+"
    r"|(?<=token=)[^\s&\"',}]+"
    r"|(?<=://)[^\s/@\"]+:[^\s/@\"]+(?=@)"
)
SHORTEST = 8
"""A shorter value of the environment is too likely to be an ordinary word."""


def redact(text: str) -> str:
    """A text without what looks like a key, and without the keys of this process's environment.

    Servers echo the key that they refuse, and exceptions show URLs.
    """
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and NAMES.search(name):
            text = text.replace(value, "[redacted]")
    return SHAPES.sub("[redacted]", text)


T = TypeVar("T")
Target = Literal[
    "jobs",
    "runs",
    "texts",
    "outcomes",
    "call_rows",
    "use_rows",
    "attempt_rows",
    "operations",
    "done",
    "opens",
    "ended",
    "spent",
]
"""A table that the writer appends to; `ended` are rows of `opens` that go."""

Columns = Mapping[str, Any]
Values = tuple[Any, ...]
Encoder = Callable[[Any], Values]


def process_number(token: str) -> int:
    """A process's token as a column holds it."""
    return int.from_bytes(bytes.fromhex(token), "big", signed=True)


def prefixed(prefix: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in USAGE)


def names_of(kind: type, *without: str) -> tuple[str, ...]:
    """The fields of a row that are columns of the same name."""
    names: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]
    return tuple(name for name in names if name not in without)


JOB = names_of(JobRow)
RUN = names_of(RunRow, "attributed", "billed")
CALL = names_of(CallRow, "index", "usage")
USE = names_of(UseRow, "attributed")
OUTCOME = names_of(OutcomeRow, "attributed")
INTENT = names_of(IntentRow, "worst")
ENDED = names_of(SettledRow, "job", "attempt", "billed")

COLUMNS: Mapping[Target, tuple[str, ...]] = {
    "jobs": JOB,
    "runs": (*RUN, *prefixed("attributed_"), *prefixed("billed_")),
    "texts": ("hash", "text"),
    "outcomes": (*OUTCOME, *USAGE),
    "call_rows": (*CALL, "draw", *USAGE),
    "use_rows": (*USE, *USAGE),
    "attempt_rows": (
        *("process", "serial", *INTENT, *prefixed("worst_")),
        *("open", *ENDED, *prefixed("billed_")),
    ),
    "operations": tuple(OPERATIONS.c.keys()),
    "done": tuple(DONE.c.keys()),
    "opens": ("process", "serial", "attempts"),
    "ended": ("process", "serial"),
    "spent": ("process", "amounts"),
}
"""The columns in the order of the encoded values."""

OPEN = ("serial", *INTENT, *USAGE)
"""An attempt in the JSON of `opens`, worst case last."""

HASH, HEX = 32, frozenset("0123456789abcdef")
UNSPENT = (None,) * len(USAGE)
_run: Encoder = attrgetter(*RUN)
_call: Encoder = attrgetter(*CALL, "index")
_use: Encoder = attrgetter(*USE)
_outcome: Encoder = attrgetter(*OUTCOME)
_intent: Encoder = attrgetter(*INTENT)
_kind: Encoder = attrgetter(
    *("job", "problem_id", "operation", "version", "role", "model", "revision")
)
_ended: Encoder = attrgetter(*ENDED)


def storable(text: str) -> str:
    """A text that every database takes: without NUL and without halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def encode_run(row: RunRow) -> Values:
    attributed = astuple(row.attributed) if row.attributed else UNSPENT
    billed = astuple(row.billed) if row.billed else UNSPENT
    return (*_run(row), *attributed, *billed)


def encode_text(row: TextRow) -> Values:
    return (row.hash, row.text.encode("utf-8", "surrogatepass"))


def encode_call(row: CallRow) -> Values:
    return (*_call(row), *astuple(row.usage))


def encode_use(row: UseRow) -> Values:
    return (*_use(row), *astuple(row.attributed))


def encode_outcome(row: OutcomeRow) -> Values:
    if row.kind == "failed":
        content = redact(row.content.decode("utf-8", "replace")).encode()
        row = msgspec.structs.replace(row, content=content)
    return (*_outcome(row), *astuple(row.attributed))


ENCODERS: Mapping[type, tuple[Target, Encoder]] = {
    TextRow: ("texts", encode_text),
    CallRow: ("call_rows", encode_call),
    UseRow: ("use_rows", encode_use),
    OutcomeRow: ("outcomes", encode_outcome),
    JobRow: ("jobs", astuple),
}
"""Rows that stand alone; what belongs to one attempt meets in `Batch`."""


def encode_attempt(process: str, serial: int, intent: IntentRow, row: SettledRow) -> Values:
    """An attempt with a row of its own."""
    if row.error:
        row = msgspec.structs.replace(row, error=storable(redact(row.error)))
    begun = (process, serial, *_intent(intent), *astuple(intent.worst))
    return (*begun, False, *_ended(row), *astuple(row.billed))


def encode_open(serial: int, intent: IntentRow) -> Values:
    """An attempt on its way, as the row of its transaction lists it."""
    return (serial, *_intent(intent), *astuple(intent.worst))


def operation_of(call: CallRow, use: UseRow, price_version: str) -> tuple[str, ...]:
    """What the calls of one kind on one problem have in common."""
    return (*_kind(call), use.name, price_version)


def encode_operation(kind: tuple[str, ...]) -> tuple[int, Values]:
    """Its number, which is the hash of its content, and its row."""
    digest = blake2b(msgspec.json.encode(kind), digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    return number, (number, *kind)


def hashed(text: str) -> bool:
    """Whether a text is a hash, which a column may hold as bytes."""
    return len(text) == HASH and HEX.issuperset(text)


def usage(columns: Columns, prefix: str = "") -> Usage:
    return Usage(**{name: columns[prefix + name] for name in USAGE})


def spent(columns: Columns, prefix: str) -> Usage | None:
    """A usage that is only written in the end; None before."""
    return None if columns[prefix + "calls"] is None else usage(columns, prefix)


def plain(kind: type[T], columns: Columns, **others: Any) -> T:
    """A row whose other fields are named like their columns."""
    names: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]
    return kind(**{name: columns[name] for name in names if name not in others}, **others)


def decode_call(columns: Columns) -> CallRow:
    content, index = bytes(columns["content"]), columns["draw"]
    return plain(CallRow, columns, index=index, usage=usage(columns), content=content)


def decode_done(columns: Columns) -> CallRow:
    """A call from the row that it shares with its attempt and its use."""
    hashes = {name: bytes(columns[name]).hex() for name in ("key", "input_hash")}
    return decode_call({**columns, **hashes})


def decode_use(columns: Columns) -> UseRow:
    return plain(UseRow, columns, attributed=usage(columns))


def decode_outcome(columns: Columns) -> OutcomeRow:
    return plain(OutcomeRow, columns, attributed=usage(columns), content=bytes(columns["content"]))


def decode_run(columns: Columns) -> RunRow:
    return plain(
        RunRow,
        columns,
        result=None if columns["result"] is None else bytes(columns["result"]),
        attributed=spent(columns, "attributed_"),
        billed=spent(columns, "billed_"),
    )


def decode_job(columns: Columns) -> JobRow:
    return plain(JobRow, columns)
