"""`tts question-policy`: when a question is worth asking again, learnt and judged on recorded answers."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.text import Text

from tts.cli.figures import gap, plain_table, sure
from tts.cli.screen import Screen, json_text, write_out
from tts.engine.spelling import split_outside
from tts.errors import UsageError
from tts.eval.allocate.question_policy import (
    Recorded,
    Replayed,
    fit,
    read_recorded,
    read_rows,
    replayed,
)
from tts.eval.allocate.question_sources import WAYS as KINDS
from tts.eval.allocate.question_sources import recorded_answers
from tts.eval.allocate.rag_sources import is_ledger
from tts.values.visible import visible

WAYS = {
    "closed book": "closed",
    "open book": "read",
    "hops": "hops",
    "all of them asked": "chosen",
    "best of them in hindsight": "oracle",
    "the policy, on questions that it did not learn": "policy",
}


def show_policy(
    file: Path, *, gold: Path | None, job: str, ways: str, out: Path | None, as_json: bool
) -> None:
    """Judge the policy by cross-fitting; write the one that all questions teach."""
    rows = read_recorded(file, gold) if gold else _rows(file, job, ways)
    found = replayed(rows)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(msgspec.json.encode(fit(rows)) + b"\n")
    if as_json:
        write_out(json_text(found))
    else:
        _show(found, f"{visible(str(file), 60)}: {found.n} questions", out)


def _rows(file: Path, job: str, ways: str) -> list[Recorded]:
    """From a ledger, or from lines."""
    if is_ledger(file):
        asked = split_outside(ways) if ways else []
        if asked and len(asked) != len(KINDS):
            raise UsageError(f"--ways: three strategies are needed, not {len(asked)}.")
        return recorded_answers(file, job, asked)
    if job or ways:
        raise UsageError(f"--job and --ways are of ledgers, and {visible(str(file))} is none.")
    return read_rows(file)


def _show(found: Replayed, title: str, out: Path | None) -> None:
    console = Screen()
    rows = [(name, sure(getattr(found, field))) for name, field in WAYS.items()]
    console.print(plain_table(title, ("answers by", "exact match %"), rows, left=1))
    console.print(Text(f"the policy less all of them asked: {gap(found.difference)} points"))
    console.print(Text(f"questions that it asks again: {sure(found.escalated)} %"))
    if out is not None:
        console.print(Text(f"wrote {out}: adaptive_rag(policy={out})"))
