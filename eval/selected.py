"""What selection got of a recorded job: a random draw, the answer chosen, and the best draw there was."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from msgspec import Struct

from tts.equivalence import Equivalence
from tts.eval.attempts import grade
from tts.eval.grading import grading
from tts.eval.recorded import labels_of, read
from tts.eval.replay.resample import Resampler, share_between
from tts.eval.statistics import Estimate
from tts.eval.trace import reading
from tts.ledger import decode_result
from tts.values import Problem, Result

Line = tuple[float, float, float]
"""Of one run: the share of right draws, whether the answer is right, whether any draw is."""


class Selected(Struct, frozen=True, kw_only=True):
    """One strategy under one budget, over problems; repeats are averaged before."""

    strategy: str
    budget: str
    problems: int
    random: Estimate
    """Any whole draw of a run."""
    selected: Estimate
    """The answer of the run."""
    oracle: Estimate
    """A right draw where the run has one."""
    recovered: Estimate | None
    """What selection gets of the room between random and oracle; None where there is none."""


async def selected(place: str | Path, job: str = "") -> list[Selected]:
    """A line for each strategy of a job, from the candidates that its ledger kept.

    Runs without a whole draw, or without a reference, are left out. Raises as `recorded.read`.
    """
    found = read(place, job)
    problems = {one.id: one for one in found.problems}
    lines = defaultdict[tuple[str, str], dict[str, list[Line]]](lambda: defaultdict(list))
    async with grading() as equivalence:
        with reading(place, found.job) as reader:
            for run in found.runs:
                problem = problems.get(run.problem_id)
                if run.result is None or problem is None or problem.answer is None:
                    continue
                calls = {call.key: call for call in reader.calls(problem.id)}
                result = decode_result(run.result, problem, calls.get)
                line = await _line(result, problem, equivalence)
                if line is not None:
                    lines[labels_of(run)][problem.id].append(line)
    return [_selected(*labels, lines[labels]) for labels in sorted(lines)]


async def _line(result: Result, problem: Problem, equivalence: Equivalence) -> Line | None:
    """Equal answers are graded once."""
    whole = [kept.candidate.answer for kept in result.candidates if kept.candidate.final]
    if not whole or result.error is not None:
        return None
    rights: dict[str | None, bool] = {}
    for answer in dict.fromkeys([*whole, result.answer]):
        rights[answer] = (await grade(answer, problem, equivalence)).correct is True
    drawn = [rights[answer] for answer in whole]
    return sum(drawn) / len(drawn), float(rights[result.answer]), float(any(drawn))


def _selected(strategy: str, budget: str, by_problem: dict[str, list[Line]]) -> Selected:
    table = np.array([np.mean(np.array(lines), axis=0) for lines in by_problem.values()])
    random, chosen, best = Resampler(len(table)).estimates(table)
    return Selected(
        strategy=strategy,
        budget=budget,
        problems=len(table),
        random=random,
        selected=chosen,
        oracle=best,
        recovered=share_between(table[:, 0], table[:, 1], table[:, 2]),
    )
