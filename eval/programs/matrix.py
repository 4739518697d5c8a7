"""Which program passes which assertion: run once in the sandbox, kept beside the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tts.errors import BadInput
from tts.eval.programs.pool import ProgramTask
from tts.strategies.code.fuzzing import inputs_of, probing, told
from tts.values import Check, Exam, Outcome
from tts.verifiers.code import MANY, judged_apart
from tts.verifiers.code import told as limits_told
from tts.verifiers.sandbox import DEFAULT_LIMITS, VERSION, Limits, Sandbox

LETTERS: dict[Outcome, str] = {
    "passed": "p",
    "wrong": "w",
    "error": "e",
    "timeout": "t",
    "ended": "n",
    "output": "o",
    "lost": "l",
}
"""Of an outcome, in the file. `lost`: the assertion itself ended its judge, so it says nothing."""
Bools = NDArray[np.bool_]
Kind = Literal["asserts", "examples", "hidden"]
Told = Callable[[int, int], None]
"""Called with how many programs are executed, and of how many."""


class Executed(Struct, frozen=True, kw_only=True):
    """A task with what its executions found; arrays over distinct programs, in the task's order."""

    task: ProgramTask
    asserts: Bools
    """(programs, assertions)"""
    examples: Bools
    """(programs, examples)"""
    correct: Bools
    """(draws,)"""
    given: tuple[tuple[str, ...], ...] = ()
    """By program, what it gave for each input that was made; empty where none were tried."""


class Record(Struct, frozen=True):
    """One line of the file: a program under one list of checks."""

    key: str
    outcomes: str


class Executions:
    """A file of executions that grows; a line that was cut by a kill is executed again."""

    def __init__(self, path: Path) -> None:
        """Raises `BadInput` where the file is of another kind, or its folder takes no file."""
        self.path = path
        self.known: dict[str, str] = {}
        try:
            body = path.read_bytes() if path.exists() else b""
            lines = body.split(b"\n")
            whole = body[: len(body) - len(lines[-1])]
            for number, line in enumerate(lines[:-1], start=1):
                self._read(number, line)
            self._file = path.open("r+b" if path.exists() else "w+b")
            self._file.truncate(len(whole))
            self._file.seek(len(whole))
        except OSError as error:
            raise BadInput(
                f"{path}: executions cannot be kept there ({error.strerror}): name another file by "
                "--executions."
            ) from error

    def _read(self, number: int, line: bytes) -> None:
        try:
            record = msgspec.json.decode(line, type=Record)
        except msgspec.DecodeError as error:
            raise BadInput(f"{self.path}:{number}: holds no execution: {error}.") from error
        self.known[record.key] = record.outcomes

    def add(self, key: str, outcomes: str) -> None:
        self.known[key] = outcomes
        self._file.write(msgspec.json.encode(Record(key, outcomes)) + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _Job(Struct, frozen=True):
    """One program under one list of checks."""

    source: str
    tests: Exam
    limits: Limits
    probes: bool = False
    """Its checks ask what the program gives."""

    def kept_as(self, found: Sequence[Check]) -> str:
        """Its outcomes, a letter each, or a digest of what the program gave for each input."""
        if not self.probes:
            return "".join(LETTERS[one.outcome] for one in found)
        return " ".join(_digest(told(one)) for one in found)

    @property
    def key(self) -> str:
        judged = (VERSION, self.source, self.tests, limits_told(self.limits))
        return blake2b(msgspec.json.encode(judged), digest_size=16).hexdigest()


async def executed(
    tasks: Sequence[ProgramTask], box: Sandbox, kept: Executions, say: Told, *, inputs: int = 0
) -> list[Executed]:
    """Run every distinct program under the assertions and examples of its task, and under its
    hidden tests where a draw of it has no recorded verdict, and on so many inputs made from examples
    and types. What the file holds is not run again.

    Raises `Crashed` where the sandbox itself fails.
    """
    wanted = {job.key: job for task in tasks for job in _jobs(task, inputs)}
    missing = [job for key, job in wanted.items() if key not in kept.known]
    done = len(wanted) - len(missing)
    waiting = iter(missing)

    async def work() -> None:
        nonlocal done
        for job in waiting:
            found = await judged_apart(box, job.source, job.tests, job.limits)
            kept.add(job.key, job.kept_as(found))
            done += 1
            say(done, len(wanted))

    async with asyncio.TaskGroup() as group:
        for _ in range(box.workers):
            group.create_task(work())
    return [_gathered(task, kept, inputs) for task in tasks]


def _digest(text: str) -> str:
    """A word for a text; errors keep their mark."""
    mark = "!" if text.startswith("!") else ""
    return mark + blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _probes(task: ProgramTask, inputs: int) -> tuple[_Job, ...]:
    """A job for each program; none where no input could be made."""
    made = inputs_of(task.prelude, task.entry, task.examples, most=inputs) if inputs else []
    exam = probing(Exam(entry=task.entry, prelude=task.prelude, checks=()), made)
    return tuple(_Job(one, exam, MANY, probes=True) for one in task.programs) if made else ()


def _jobs(task: ProgramTask, inputs: int) -> Iterable[_Job]:
    """The hidden tests only of programs whose draws lack a verdict."""
    unknown = {at for at, right in zip(task.drawn, task.correct, strict=True) if right is None}
    for place in range(len(task.programs)):
        for kind in ("asserts", "examples"):
            if checks_of(task, kind):
                yield _job(task, place, kind)
        if place in unknown:
            yield _job(task, place, "hidden")
    yield from _probes(task, inputs)


def checks_of(task: ProgramTask, kind: Kind) -> tuple[str, ...]:
    """The checks of one kind."""
    match kind:
        case "asserts":
            return task.asserts
        case "examples":
            return task.examples
    return task.hidden.checks


def _job(task: ProgramTask, place: int, kind: Kind) -> _Job:
    if kind == "hidden":
        return _Job(task.programs[place], task.hidden, DEFAULT_LIMITS)
    tests = Exam(entry=task.entry, prelude=task.prelude, checks=checks_of(task, kind))
    return _Job(task.programs[place], tests, MANY)


def _gathered(task: ProgramTask, kept: Executions, inputs: int) -> Executed:
    correct = [
        right if right is not None else set(kept.known[_job(task, at, "hidden").key]) == {"p"}
        for at, right in zip(task.drawn, task.correct, strict=True)
    ]
    return Executed(
        task=task,
        asserts=_passed(task, kept, "asserts"),
        examples=_passed(task, kept, "examples"),
        correct=np.array(correct, dtype=np.bool_),
        given=tuple(tuple(kept.known[job.key].split()) for job in _probes(task, inputs)),
    )


def _passed(task: ProgramTask, kept: Executions, kind: Kind) -> Bools:
    checks = len(checks_of(task, kind))
    found = np.zeros((len(task.programs), checks), dtype=np.bool_)
    for place in range(len(task.programs) if checks else 0):
        outcomes = kept.known[_job(task, place, kind).key]
        found[place] = [one == "p" for one in outcomes]
    return found
