"""Recorded programs beside the tests that a model wrote for the same tasks.

Programs are rows of docs/replay.md; tests are JSON Lines with `prompt` and `samples`, as CodeT (Chen
et al. 2022) publishes them. The two name tasks differently, so they are brought together by prompt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from tts.answers.asserts import asserts_in
from tts.answers.program import assembled
from tts.backends.replay import SampleRow
from tts.errors import BadInput
from tts.eval.problems.lines import BadRow
from tts.eval.problems.rows import json_rows
from tts.values import CODE, ENTRY, EXAMPLES, Exam, Problem
from tts.verifiers.code import Reference


class ProgramTask(Struct, frozen=True, kw_only=True):
    """One task: its distinct programs and assertions, and which draw gave which of them."""

    problem_id: str
    prelude: str
    """The head of the function as code: what assertions may use beside it."""
    entry: str
    programs: tuple[str, ...]
    drawn: tuple[int, ...]
    """By draw, the place of its program."""
    correct: tuple[bool | None, ...]
    """By draw, its recorded verdict; None where there is none."""
    asserts: tuple[str, ...]
    written: tuple[tuple[int, ...], ...]
    """By sample of tests, the places of its assertions."""
    examples: tuple[str, ...] = ()
    """What the prompt itself shows."""
    hidden: Exam
    """What decides whether a program is right."""


class ProgramPool(Struct, frozen=True, kw_only=True):
    """The tasks of a pool, and what was left out of it, in sentences."""

    tasks: tuple[ProgramTask, ...]
    notes: tuple[str, ...] = ()


def read_program_pool(
    rows: Iterable[SampleRow], tests: Path, problems: Sequence[Problem]
) -> ProgramPool:
    """Draws, tests and problems of a code set as one pool; a task needs all three.

    Raises `BadInput` where a file cannot be read or no task has all three.
    """
    known = asking_programs(problems)
    draws = draws_by_problem(rows, known)
    samples, stray = tests_by_problem(tests, known)
    there = [one for name, one in known.items() if name in draws and name in samples]
    if not there:
        raise BadInput(
            f"{tests}: of {len(draws)} tasks with programs none has tests: their prompts begin like "
            "no prompt of --problems."
        )
    tasks = tuple(_task(one, draws[one.id], samples[one.id]) for one in there)
    return ProgramPool(tasks=tasks, notes=tuple(_notes(tasks, draws, known, stray)))


def asking_programs(problems: Sequence[Problem]) -> dict[str, Problem]:
    """The problems that ask for a program, by id; raises `BadInput` where none does."""
    known = {one.id: one for one in problems if ENTRY in one.metadata}
    if not known:
        raise BadInput("--problems names no set of programs: give humaneval:FILE or mbpp:FILE.")
    return known


def draws_by_problem(
    rows: Iterable[SampleRow], known: Mapping[str, Problem]
) -> dict[str, list[SampleRow]]:
    """Rows by the id of their problem, or else by its prompt; those of no problem keep their id."""
    draws = defaultdict[str, list[SampleRow]](list)
    by_prompt = {one.metadata[CODE].strip(): name for name, one in known.items()}
    texts: dict[str, str] = {}
    for row in rows:
        text = texts.setdefault(row.problem_id, (row.problem or "").strip())
        name = row.problem_id if row.problem_id in known else by_prompt.get(text, row.problem_id)
        draws[name].append(row)
    return draws


def tests_by_problem(
    path: Path, problems: Mapping[str, Problem]
) -> tuple[dict[str, list[str]], int]:
    """Samples of tests by the id of the problem whose prompt theirs begins with, and how many rows
    begin with none. What a row says of its id is not believed: orders differ between files."""
    found: dict[str, list[str]] = {}
    stray = 0
    for line, row in json_rows(path):
        prompt, samples = _test_row(path, line, row)
        problem = _likest(prompt, problems)
        if problem is None:
            stray += 1
        else:
            found.setdefault(problem, []).extend(samples)
    return found, stray


def _test_row(path: Path, line: int, row: object) -> tuple[str, list[str]]:
    if isinstance(row, BadRow):
        raise BadInput(f"{path}:{line}: {row}.")
    prompt = row.get("prompt") if isinstance(row, dict) else None
    samples = row.get("samples") if isinstance(row, dict) else None
    texts = isinstance(samples, list) and all(isinstance(one, str) for one in samples)
    if not isinstance(prompt, str) or not texts:
        raise BadInput(
            f"{path}:{line}: a row of tests has `prompt` and `samples`, a list of texts."
        )
    return prompt, samples or []


def _likest(prompt: str, problems: Mapping[str, Problem]) -> str | None:
    """The problem with the longest beginning in common, which holds its function's head at least."""
    shared = {
        name: _shared(prompt.strip(), one.metadata[CODE].strip()) for name, one in problems.items()
    }
    best = max(shared, key=lambda name: shared[name])
    told = problems[best].metadata
    head = told[CODE].strip()[: shared[best]]
    return best if f"def {told[ENTRY]}(" in head and "\n" in head else None


def _shared(one: str, other: str) -> int:
    """Characters that two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _task(problem: Problem, rows: Sequence[SampleRow], samples: Sequence[str]) -> ProgramTask:
    told = problem.metadata
    places: dict[str, int] = {}
    ordered = sorted(rows, key=lambda row: (row.replicate, row.sample_index))
    drawn = tuple(places.setdefault(source, len(places)) for source in _programs(problem, ordered))
    asserts: dict[str, int] = {}
    written = tuple(
        tuple(asserts.setdefault(one, len(asserts)) for one in asserts_in(text, told[ENTRY]))
        for text in samples
    )
    return ProgramTask(
        problem_id=problem.id,
        prelude=told[CODE],
        entry=told[ENTRY],
        programs=tuple(places),
        drawn=drawn,
        correct=tuple(row.correct for row in ordered),
        asserts=tuple(asserts),
        written=written,
        examples=tuple(told.get(EXAMPLES, ())),
        hidden=Reference.of(problem.answer or "").tests,
    )


def _programs(problem: Problem, rows: Iterable[SampleRow]) -> Iterator[str]:
    told = problem.metadata
    for row in rows:
        yield assembled(told[CODE], told[ENTRY], row.completion or "").source


def _notes(
    tasks: Sequence[ProgramTask],
    draws: Mapping[str, object],
    known: Mapping[str, Problem],
    stray: int,
) -> Iterator[str]:
    if unknown := len(set(draws) - set(known)):
        yield f"{unknown} tasks with programs are not in --problems."
    if without := len(set(draws) & set(known)) - len(tasks):
        yield f"{without} tasks with programs have no tests: they are left out."
    if stray:
        yield f"{stray} rows of tests begin like no prompt of --problems."
    if bare := sum(not one.asserts for one in tasks):
        yield f"In the tests of {bare} of {len(tasks)} tasks stands no assertion about the function."
