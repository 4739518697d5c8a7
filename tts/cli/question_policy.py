"""`tts question-policy`: when a question is worth asking again, learnt and judged on recorded answers."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from tts.cli.figures import percent_of
from tts.cli.screen import Screen, json_text, write_out
from tts.eval.allocate.question_policy import (
    Replayed,
    fit,
    read_recorded,
    read_rows,
    replayed,
)
from tts.eval.statistics import Estimate
from tts.values.visible import visible

WAYS = {
    "closed book": "closed",
    "open book": "read",
    "hops": "hops",
    "all of them asked": "chosen",
    "best of them in hindsight": "oracle",
    "the policy, on questions that it did not learn": "policy",
}


def show_policy(file: Path, *, gold: Path | None, out: Path | None, as_json: bool) -> None:
    """Judge the policy by cross-fitting; write the one that all questions teach."""
    rows = read_recorded(file, gold) if gold else read_rows(file)
    found = replayed(rows)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(msgspec.json.encode(fit(rows)) + b"\n")
    if as_json:
        write_out(json_text(found))
    else:
        _show(found, f"{visible(str(file), 60)}: {found.n} questions", out)


def _show(found: Replayed, title: str, out: Path | None) -> None:
    console = Screen()
    table = Table(box=box.SIMPLE_HEAD, title=Text(title), title_justify="left")
    table.add_column("answers by")
    table.add_column("exact match %", justify="right")
    for name, field in WAYS.items():
        table.add_row(name, _told(getattr(found, field)))
    console.print(table)
    gap = found.difference
    points = f"{100 * gap.value:+.1f} points [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
    console.print(Text(f"the policy less all of them asked: {points}"))
    console.print(Text(f"questions that it asks again: {_told(found.escalated)} %"))
    if out is not None:
        console.print(Text(f"wrote {out}: adaptive_rag(policy={out})"))


def _told(one: Estimate) -> str:
    return f"{percent_of(one.value)} [{percent_of(one.low)}, {percent_of(one.high)}]"
