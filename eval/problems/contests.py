"""Contest problems in the form of LiveCodeBench (Jain et al. 2024): programs from input to output, or
methods of a class `Solution`.

JSON Lines or an array with `question_id`, `question_content`, `starter_code`, `public_test_cases`,
`private_test_cases` and `metadata`, the last three as JSON or as texts of JSON; private tests may be
packed as they are published, a pickled text below zlib and base64. Public tests are shown, private ones
are hidden. Outputs are compared line by line, without blanks at the ends, numbers by value.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import pickle
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, ValidationError, convert

from tts.answers.script import STDOUT_OF
from tts.eval.problems.lines import BadRow
from tts.eval.problems.problem_set import ProblemSet
from tts.eval.problems.record import collect
from tts.eval.problems.rows import array_rows
from tts.values import CODE, ENTRY, EXAMPLES, Exam
from tts.verifiers.code import Reference

BINS = {"easy": 1, "medium": 3, "hard": 5}
MOST_BYTES = 256 * 1024 * 1024
"""Of unpacked private tests; more is a bomb."""
CALL_SECONDS = 6
"""Of processor time for one test, as the benchmark has it."""
SAME_OUTPUT = """
from decimal import Decimal, InvalidOperation
def same_output(found, wanted):
    def lines(text):
        return [line.split() for line in text.strip().split("\\n")]
    def same(one, other):
        if one == other:
            return True
        try:
            return Decimal(one) == Decimal(other)
        except InvalidOperation:
            return False
    a, b = lines(found), lines(wanted)
    return [len(one) for one in a] == [len(one) for one in b] and all(
        same(*pair) for left, right in zip(a, b) for pair in zip(left, right))
"""


class Case(Struct, frozen=True):
    """One test."""

    input: str
    output: str
    testtype: str = "stdin"

    def check(self, entry: str) -> str:
        """As a statement; raises `ValueError` where a method's arguments are no JSON."""
        if self.testtype == "stdin":
            return f"assert same_output({entry}({self.input!r}), {self.output!r})"
        args = [json.loads(line) for line in self.input.split("\n") if line.strip()]
        call = f"{entry}({', '.join(map(repr, args))})"
        return f"assert plain({call}) == {json.loads(self.output)!r}"


PLAIN = """
def plain(value):
    return list(map(plain, value)) if isinstance(value, (list, tuple)) else value
"""
HELPERS = SAME_OUTPUT + PLAIN


def contest_set(path: Path, *, skip_bad: bool = False) -> ProblemSet:
    """A file of contest problems; raises `BadInput` as `file:line: reason`."""
    rows = ((line, _row(row)) for line, row in array_rows(path))
    source = f"livecodebench:{path}"
    return collect(rows, source=source, stem="contest", task="code", skip_bad=skip_bad)


def _row(row: dict[str, Any] | BadRow) -> dict[str, Any] | BadRow:
    """A row in the fields of a Problem."""
    if isinstance(row, BadRow):
        return row
    content = row.get("question_content")
    if not isinstance(content, str):
        return BadRow("no 'question_content'")
    try:
        shown, hidden = _cases(row.get("public_test_cases")), _cases(row.get("private_test_cases"))
        entry = _entry(row, [*shown, *hidden])
        examples, checks = ([one.check(entry) for one in part] for part in (shown, hidden))
    except ValueError as error:
        return BadRow(f"its tests cannot be read ({error})")
    starter = row.get("starter_code") or ""
    tests = Exam(entry=entry, prelude=HELPERS, checks=tuple(checks or examples))
    return {
        "id": row.get("question_id"),
        "prompt": f"{content}\n\n{starter}" if starter else content,
        "answer": Reference(prompt="", tests=tests, call_seconds=CALL_SECONDS).text,
        "task": "script" if entry == STDOUT_OF else "code",
        "difficulty_bin": BINS.get(str(row.get("difficulty"))),
        "date": row.get("contest_date"),
        ENTRY: entry,
        CODE: HELPERS,
        EXAMPLES: examples,
    }


def _entry(row: dict[str, Any], cases: Sequence[Case]) -> str:
    """What the tests call; raises `ValueError` where there is no test or no name."""
    if not cases:
        raise ValueError("there is none")
    if cases[0].testtype == "stdin":
        return STDOUT_OF
    told = row.get("metadata")
    told = json.loads(told) if isinstance(told, str) else told
    name = told.get("func_name") if isinstance(told, dict) else None
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError("metadata names no func_name")
    return name


def _cases(told: Any) -> list[Case]:
    """Tests as they are, as JSON, or packed."""
    if isinstance(told, str):
        told = (
            json.loads(told if told.lstrip()[:1] in ("[", "") else _unpacked(told)) if told else []
        )
    try:
        return convert(told or [], list[Case])
    except ValidationError as error:
        raise ValueError(str(error)) from error


class _Plain(pickle.Unpickler):
    """Gives texts alone: a pickle that names a class or a function is refused unrun."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def _unpacked(packed: str) -> str:
    try:
        engine = zlib.decompressobj()
        body = engine.decompress(base64.b64decode(packed, validate=True), MOST_BYTES)
        text = _Plain(io.BytesIO(body)).load()
    except (binascii.Error, zlib.error, pickle.UnpicklingError, EOFError, IndexError) as error:
        raise ValueError(f"neither JSON nor packed: {error}") from error
    if not isinstance(text, str) or engine.unconsumed_tail:
        raise ValueError("packed, and no text")
    return text
