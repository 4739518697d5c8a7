"""Every renderer shows a small comparison as it is kept here, to the letter."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from tts.eval.attempts import Attempt
from tts.eval.report import (
    ComparisonReport,
    assemble,
    render_page,
    render_table,
    to_csv,
    to_json,
    to_markdown,
)
from tts.values import Problem

GOLDEN = Path(__file__).parent / "golden"
RENEW = "TTS_RENEW_GOLDEN"
"""Set: what is rendered now is kept; look at the difference before it is committed."""

Make = Callable[..., Attempt]
MakeRuns = Callable[..., list[Attempt]]


@pytest.fixture
def report(problems: list[Problem], runs: MakeRuns, attempt: Make) -> ComparisonReport:
    """Two budgets, a baseline, a row of few problems, an unknown price and every kind of end."""
    lost = replace(attempt("beam", problem=8, correct=None, answer=None), error="503: busy")
    cut = replace(attempt("beam", problem=9, correct=False, answer=None), no_answer="cut")
    few = [attempt("search(n=4)", "2000 tokens", n, nanodollars=None) for n in range(3)]
    made = [
        *runs("vote", 4),
        *runs("vote", 5, "2000 tokens", tokens=2000),
        *[run for run in runs("beam", 9, tokens=3000) if run.problem_id not in ("p8", "p9")],
        *(lost, cut),
        *[replace(run, seconds=None, missing={"400: no logprobs": 2}) for run in few],
    ]
    return assemble(
        made,
        problems,
        title="Golden | <b>",
        seed=0,
        baseline="vote",
        manifest={"model": "m", "job": "compare-1"},
        notes=["A note."],
        warnings=["A warning."],
        partial="Partial: 33 of 40 runs.",
        planned=10,
    )


def on_terminal(report: ComparisonReport) -> str:
    console = Console(width=100, file=StringIO())
    console.print(render_table(report))
    assert isinstance(console.file, StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def as_page(report: ComparisonReport) -> str:
    """Without style and script, which have their own files, and their hashes."""
    page = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", render_page(report), flags=re.DOTALL)
    return re.sub(r"sha256-[\w+/=]+", "sha256-", page)


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("terminal.txt", on_terminal),
        ("report.md", to_markdown),
        ("report.html", as_page),
        ("report.csv", to_csv),
        ("report.json", to_json),
    ],
)
def test_a_comparison_is_rendered_as_it_was(
    report: ComparisonReport, name: str, render: Callable[[ComparisonReport], str]
) -> None:
    kept, shown = GOLDEN / name, render(report)
    if os.environ.get(RENEW):
        kept.write_text(shown, encoding="utf-8")
    assert shown == kept.read_text(encoding="utf-8")
