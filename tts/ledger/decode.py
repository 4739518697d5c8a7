"""From the columns back to the rows of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tts.ledger.tables import USAGE
from tts.protocols import CallRow, CandidateRow, JobRow, OutcomeRow, RunRow, UseRow
from tts.values import Usage

T = TypeVar("T")
Columns = Mapping[str, Any]


def usage(columns: Columns, prefix: str = "") -> Usage:
    return Usage(**{name: columns[prefix + name] for name in USAGE})


def spent(columns: Columns, prefix: str) -> Usage | None:
    """A usage that is only written in the end; None before."""
    return None if columns[prefix + "calls"] is None else usage(columns, prefix)


def plain(kind: type[T], columns: Columns, **others: Any) -> T:
    """A row whose other fields are named like their columns."""
    names = (field.name for field in msgspec.structs.fields(kind))  # type: ignore[arg-type]
    return kind(**{name: columns[name] for name in names if name not in others}, **others)


def decode_call(columns: Columns) -> CallRow:
    content = bytes(columns["content"])
    return plain(CallRow, columns, index=columns["draw"], usage=usage(columns), content=content)


def decode_use(columns: Columns) -> UseRow:
    return plain(UseRow, columns, attributed=usage(columns))


def decode_outcome(columns: Columns) -> OutcomeRow:
    return plain(OutcomeRow, columns, attributed=usage(columns), content=bytes(columns["content"]))


def decode_run(columns: Columns) -> RunRow:
    result = None if columns["result"] is None else bytes(columns["result"])
    return plain(
        RunRow,
        columns,
        result=result,
        attributed=spent(columns, "attributed_"),
        billed=spent(columns, "billed_"),
    )


def decode_candidate(columns: Columns) -> CandidateRow:
    steps = msgspec.json.decode(columns["steps"], type=tuple[float, ...])
    return plain(CandidateRow, columns, final=bool(columns["final"]), steps=steps)


def decode_job(columns: Columns) -> JobRow:
    return plain(JobRow, columns)
