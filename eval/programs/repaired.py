"""What the repair of their form is worth to recorded programs: no model is called for it.

As FRANC (Siddiq et al. 2024) measures its static filter: the share that compiles and the share that is
right, of the same texts before and after. A raw program is the text behind its prompt, as human-eval
(Chen et al. 2021) runs it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from tts.answers.program import Repair, assembled, parsed
from tts.backends.replay import SampleRow
from tts.errors import BadInput
from tts.eval.programs.pool import asking_programs, draws_by_problem
from tts.eval.replay.pool import Floats
from tts.eval.replay.resample import Resampler
from tts.eval.statistics import Estimate
from tts.values import CODE, ENTRY, Problem
from tts.verifiers.code import ProgramGrader, Reference

Told = Callable[[int, int], None]
"""Called with how many programs are graded, and of how many."""


class Forms(Struct, frozen=True, kw_only=True):
    """One figure of the same draws, raw and repaired; 95 % intervals over tasks, the gain paired."""

    raw: Estimate
    repaired: Estimate
    gain: Estimate


class RepairReport(Struct, frozen=True, kw_only=True):
    """What repair makes of recorded programs."""

    tasks: int
    draws: int
    """Of each task, at most."""
    compiles: Forms
    right: Forms
    """Of a draw at random."""
    any_right: Forms
    """Of a task."""
    repairs: dict[Repair, float]
    """The share of the draws that each was made on."""


class Drawn(Struct, frozen=True):
    """One draw in both forms."""

    raw: str
    repaired: str
    repairs: tuple[Repair, ...]


async def repair_report(
    rows: Sequence[SampleRow],
    problems: Sequence[Problem],
    grader: ProgramGrader,
    say: Told,
    *,
    draws: int = 0,
) -> RepairReport:
    """Both forms of the first so many draws of each task (0: all), graded by the hidden tests.

    Raises `BadInput` where no draw is of a problem that asks for a program.
    """
    known = asking_programs(problems)
    by_task = {
        name: [_drawn(known[name], row) for row in found[: draws or None]]
        for name, found in draws_by_problem(rows, known).items()
        if name in known
    }
    if not by_task:
        raise BadInput("No recorded program is of a problem of --problems.")
    rights = await _graded(by_task, known, grader, say)
    tables = np.array([_task_row(found, rights[name]) for name, found in by_task.items()])
    counts: Counter[Repair] = Counter(
        one for found in by_task.values() for each in found for one in each.repairs
    )
    total = sum(map(len, by_task.values()))
    compiles, right, any_right = (_forms(tables[:, at]) for at in range(3))
    return RepairReport(
        tasks=len(by_task),
        draws=max(map(len, by_task.values())),
        compiles=compiles,
        right=right,
        any_right=any_right,
        repairs={name: count / total for name, count in counts.most_common()},
    )


def _drawn(problem: Problem, row: SampleRow) -> Drawn:
    told, text = problem.metadata, row.completion or ""
    program = assembled(told[CODE], told[ENTRY], text)
    return Drawn(told[CODE] + text, program.source, program.repairs)


async def _graded(
    by_task: Mapping[str, Sequence[Drawn]],
    known: Mapping[str, Problem],
    grader: ProgramGrader,
    say: Told,
) -> dict[str, dict[str, bool]]:
    """By task and source, whether it is right; each distinct program once."""
    wanted = [
        (name, source)
        for name, found in by_task.items()
        for source in dict.fromkeys(text for one in found for text in (one.raw, one.repaired))
    ]
    rights: dict[str, dict[str, bool]] = {name: {} for name in by_task}
    waiting, done = iter(wanted), 0

    async def work() -> None:
        nonlocal done
        for name, source in waiting:
            asked = Reference.of(known[name].answer or "")
            rights[name][source] = (
                parsed(source) is not None and await grader.of_source(source, asked) == "same"
            )
            done += 1
            say(done, len(wanted))

    async with asyncio.TaskGroup() as group:
        for _ in range(grader.workers):
            group.create_task(work())
    return rights


def _task_row(found: Sequence[Drawn], rights: Mapping[str, bool]) -> list[list[float]]:
    """(3, 2): compiles, right, any right; raw and repaired."""
    forms = [[one.raw for one in found], [one.repaired for one in found]]
    compiled = [np.mean([parsed(one) is not None for one in texts]) for texts in forms]
    right = [np.mean([rights[one] for one in texts]) for texts in forms]
    return [[*map(float, compiled)], [*map(float, right)], [float(one > 0) for one in right]]


def _forms(table: Floats) -> Forms:
    """Of (tasks, 2)."""
    resampler = Resampler(len(table))
    raw, repaired = resampler.estimates(table)
    [gain] = resampler.estimates(table[:, 1:] - table[:, :1], least=-1.0)
    return Forms(raw=raw, repaired=repaired, gain=gain)
