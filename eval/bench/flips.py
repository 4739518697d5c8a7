"""Whether verdicts on recorded programs stay what they are when they are found again on a busy machine."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from tts.answers.program import assembled
from tts.backends.replay import read_rows
from tts.eval.bench.report import Row, data_folder, exactly, figure
from tts.eval.problems import load_problem_set
from tts.values import CODE, ENTRY
from tts.verifiers.code import Reference
from tts.verifiers.sandbox import Sandbox

POOL, SET = "samples/humaneval_codegen16b_n100.jsonl.gz", "code/HumanEval.jsonl.gz"
PROGRAMS, REPEATS = 160, 10
BUSY = 2
"""Processes that do nothing but count, for each core."""


class Recorded(NamedTuple):
    """One distinct program and what it is graded by."""

    source: str
    reference: Reference


def flips(*, programs: int = PROGRAMS, repeats: int = REPEATS) -> list[Row]:
    """Evenly spaced programs of the CodeGen-16B pool, each examined so often under load.

    A flip is an examination whose outcomes are not those of the program's first one; what the sandbox
    gave no verdict on is counted beside them. Raises `NeedsData`.
    """
    pool = distinct()
    chosen = pool[:: max(1, len(pool) // programs)][:programs]
    with load():
        found = asyncio.run(examined(chosen, repeats))
    lost = sum("lost" in one for each in found for one in each)
    flipped = sum(one != each[0] and "lost" not in one for each in found for one in each)
    right = sum(set(each[0]) == {"passed"} for each in found)
    slow = sum("timeout" in each[0] for each in found)
    told = f"{len(chosen)} of {len(pool)} recorded programs, {repeats} times under load"
    return [
        exactly(f"verdict flips, {told}", flipped, "", bar=0),
        exactly("examinations without a verdict", lost, "", bar=0),
        figure("programs that pass, that take too long", right, f"and {slow}"),
    ]


def distinct() -> list[Recorded]:
    """The distinct programs of the pool, task by task."""
    asked = {
        one.id: one
        for one in load_problem_set(f"humaneval:{data_folder('code').parent / SET}").problems
    }
    found: dict[tuple[str, str], Recorded] = {}
    for row in read_rows(data_folder("samples").parent / POOL):
        problem = asked[row.problem_id]
        told = problem.metadata
        source = assembled(told[CODE], told[ENTRY], row.completion or "").source
        found.setdefault((problem.id, source), Recorded(source, Reference.of(problem.answer or "")))
    return list(found.values())


async def examined(programs: Sequence[Recorded], repeats: int) -> list[list[tuple[str, ...]]]:
    """By program, the outcomes of each examination; a repeat of all comes before the next of any."""
    box = Sandbox()

    async def once(one: Recorded) -> tuple[str, ...]:
        found = await box.examine(one.source, one.reference.tests, one.reference.limits)
        return tuple(check.outcome for check in found.checks)

    try:
        turns = [await asyncio.gather(*map(once, programs)) for _ in range(repeats)]
    finally:
        await box.close()
    return [list(each) for each in zip(*turns, strict=True)]


@contextmanager
def load() -> Iterator[None]:
    """Every core is wanted by other processes for as long as the block lasts."""
    command = [sys.executable, "-c", "while True: pass"]
    with ExitStack() as stack:
        for _ in range(BUSY * (os.cpu_count() or 1)):
            busy = stack.enter_context(subprocess.Popen(command))
            stack.callback(busy.kill)
        yield
