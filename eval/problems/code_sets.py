"""Sets whose answers are programs: HumanEval (Chen et al. 2021) and MBPP (Austin et al. 2021).

Both as JSON Lines with the fields of HumanEval: `task_id`, `prompt` (a function's head with its
docstring), `entry_point`, `test` and `canonical_solution`, a body. Bodies of MBPP's sanitized rows
stand at an indentation of their own, so that prompt and body one after the other are mostly no
program.
"""

from __future__ import annotations

import ast
import builtins
import doctest
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from tts.answers.program import assembled, missing_imports, parsed
from tts.errors import BadInput
from tts.eval.problems.lines import BadRow
from tts.eval.problems.problem_set import ProblemSet
from tts.eval.problems.record import collect
from tts.eval.problems.rows import json_rows
from tts.values import CODE, ENTRY, EXAMPLES, Exam
from tts.verifiers.code import Reference

CodeSet = Literal["humaneval", "mbpp"]
CODE_SETS: tuple[CodeSet, ...] = CodeSet.__args__  # type: ignore[attr-defined]
NEEDED = ("task_id", "prompt", "entry_point", "test")
SHOWN = 1
"""Asserts of an MBPP problem that stand in its prompt; the others are hidden."""
SLOW = {"MbppEval/123": 12}
"""Seconds of processor time, four times what it took, for the one row of both sets whose reference
program comes near what is usual; all others are done in 0.2 s."""


def code_set(name: CodeSet, path: Path, *, skip_bad: bool = False) -> ProblemSet:
    """A file of one of the sets; raises `BadInput` as `file:line: reason`."""
    rows = ((line, _row(name, row)) for line, row in json_rows(path))
    return collect(rows, source=f"{name}:{path}", stem=name, task="code", skip_bad=skip_bad)


def reference_programs(name: CodeSet, path: Path) -> Iterator[tuple[str, str, Reference]]:
    """Id, reference program and a reference of all tests, shown ones included, of every row."""
    for line, row in json_rows(path):
        if isinstance(row, BadRow):
            raise BadInput(f"{path}:{line}: {row}.")
        program = assembled(row["prompt"], _entry(row), row["canonical_solution"])
        yield row["task_id"], program.source, _reference(row, _tests(name, row))


def _row(name: CodeSet, row: dict[str, Any] | BadRow) -> dict[str, Any] | BadRow:
    """A row in the fields of a Problem; its reference solution stays out of it."""
    if isinstance(row, BadRow):
        return row
    lacking = [field for field in NEEDED if not isinstance(row.get(field), str)]
    if lacking:
        return BadRow(f"no {lacking[0]!r}: a {name} row has {', '.join(NEEDED)}")
    prompt = row["prompt"]
    try:
        tests = _tests(name, row)
        shown = _doctests(prompt, tests.entry) if name == "humaneval" else tests.checks[:SHOWN]
    except (SyntaxError, ValueError) as error:
        return BadRow(f"its prompt or test is no Python ({error})")
    hidden = tests.checks if name == "humaneval" else tests.checks[SHOWN:] or tests.checks
    asked = prompt if name == "humaneval" else prompt + "".join(f"    # {one}\n" for one in shown)
    return {
        "id": row["task_id"],
        "prompt": asked,
        "answer": _reference(row, replace(tests, checks=hidden)).text,
        "task": "code",
        ENTRY: tests.entry,
        CODE: prompt,
        EXAMPLES: list(shown),
    }


def _reference(row: dict[str, Any], tests: Exam) -> Reference:
    return Reference(prompt=row["prompt"], tests=tests, cpu_seconds=SLOW.get(row["task_id"], 0))


def _tests(name: CodeSet, row: dict[str, Any]) -> Exam:
    entry, test = _entry(row), row["test"]
    prelude = missing_imports(test) + row["prompt"]
    return Exam(entry=entry, prelude=prelude, checks=_checks(name, test, entry))


def _entry(row: dict[str, Any]) -> str:
    """The function that is tested: `entry_point`, but where the tests call another one.

    MBPP's first function is at times a helper, and the row names it.
    """
    called = [
        node.func.id
        for node in ast.walk(_tree(row["test"]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    known = {"candidate", *dir(builtins)}
    others = [name for name in called if name not in known]
    entry: str = row["entry_point"]
    return entry if entry in others or "candidate" in called or not others else others[0]


def _checks(name: CodeSet, test: str, entry: str) -> tuple[str, ...]:
    """The test as checks with verdicts of their own: each assert of MBPP, HumanEval's as a whole."""
    whole = (f"{test}\n\ncheck({entry})\n",)
    if name == "humaneval":
        return whole
    found = [one for one in _tree(test).body if isinstance(one, ast.FunctionDef)]
    body = found[-1].body if found else []
    if not body or not all(isinstance(one, ast.Assert) for one in body):
        return whole
    return tuple(ast.unparse(one) for one in body)


def _doctests(prompt: str, entry: str) -> tuple[str, ...]:
    """The examples of a docstring whose result is written as a value."""
    functions = [one for one in _tree(prompt).body if isinstance(one, ast.FunctionDef)]
    docs = [ast.get_docstring(one) or "" for one in functions if one.name == entry]
    try:
        examples = doctest.DocTestParser().get_examples(docs[-1]) if docs else []
    except ValueError:  # a docstring whose examples are broken shows none
        return ()
    return tuple(_asserted(examples))


def _tree(source: str) -> ast.Module:
    tree = parsed(source)
    if tree is None:
        raise ValueError("it cannot be parsed")
    return tree


def _asserted(examples: Iterable[doctest.Example]) -> Iterator[str]:
    for one in examples:
        try:
            ast.parse(one.source.strip(), mode="eval")
            ast.literal_eval(one.want.strip())
        except (SyntaxError, ValueError):
            continue
        yield f"assert ({one.source.strip()}) == ({one.want.strip()})"
