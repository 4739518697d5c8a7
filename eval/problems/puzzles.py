"""Python Programming Puzzles, P3 (Schuster et al. 2021): a program `sat` says what a right answer is,
and a function `sol` is asked for that gives one.

A JSON array or JSON Lines with the fields of the published file: `name`, `sat`, `ans_type`,
`sol_header`, `sol_docstring` and `sol_bodies`. The puzzle itself is its test, so it is shown as well as
hidden: whoever runs `sat` knows whether an answer is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tts.answers.program import missing_imports, parsed
from tts.errors import BadInput
from tts.eval.problems.lines import BadRow
from tts.eval.problems.problem_set import ProblemSet
from tts.eval.problems.record import collect
from tts.eval.problems.rows import array_rows
from tts.values import CODE, ENTRY, EXAMPLES, Exam
from tts.verifiers.code import Reference

ASKED = "sol"
NEEDED = ("name", "sat", "ans_type", "sol_header")
UNSAID = '    """Give a value for which sat is true."""'
FITS = """
import sys
from typing import *
sys.set_int_max_str_digits(0)
def fits(value, kind):
    inner = get_args(kind)
    if get_origin(kind) is list:
        return type(value) is list and all(fits(one, inner[0]) for one in value)
    return type(value) is kind
"""
"""The type is a puzzle's too; puzzles write numbers of more digits than Python now allows unasked."""


def puzzle_set(path: Path, *, skip_bad: bool = False) -> ProblemSet:
    """A file of puzzles; raises `BadInput` as `file:line: reason`."""
    rows = ((line, _row(row)) for line, row in array_rows(path))
    return collect(rows, source=f"p3:{path}", stem="p3", task="code", skip_bad=skip_bad)


def solved_puzzles(path: Path) -> Iterator[tuple[str, str, Exam]]:
    """Name, first published solution and test of every puzzle that has one."""
    for line, row in array_rows(path):
        if isinstance(row, BadRow):
            raise BadInput(f"{path}:{line}: {row}.")
        if row.get("sol_bodies"):
            yield row["name"], _head(row) + row["sol_bodies"][0] + "\n", _exam(row)


def _row(row: dict[str, Any] | BadRow) -> dict[str, Any] | BadRow:
    """A row in the fields of a Problem; its solutions stay out of it."""
    if isinstance(row, BadRow):
        return row
    lacking = [field for field in NEEDED if not isinstance(row.get(field), str)]
    if lacking:
        return BadRow(f"no {lacking[0]!r}: a puzzle has {', '.join(NEEDED)}")
    head, exam = _head(row), _exam(row)
    if parsed(head) is None:
        return BadRow("its sat or sol_header is no Python")
    return {
        "id": row["name"],
        "prompt": head,
        "answer": Reference(prompt=head, tests=exam).text,
        "task": "code",
        ENTRY: exam.entry,
        CODE: head,
        EXAMPLES: list(exam.checks),
    }


def _head(row: dict[str, Any]) -> str:
    """The puzzle, and the head of the function that is to solve it."""
    doc = row.get("sol_docstring") or UNSAID
    sat = row["sat"].strip("\n")
    return f"{missing_imports(sat)}{sat}\n\n\n{row['sol_header'].strip()}\n{doc}\n"


def _exam(row: dict[str, Any]) -> Exam:
    check = (
        f"answer = {ASKED}()\nassert fits(answer, {row['ans_type']})\nassert sat(answer) is True"
    )
    return Exam(entry=ASKED, prelude=_head(row) + FITS, checks=(check,))
