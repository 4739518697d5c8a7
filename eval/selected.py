"""What selection got of a recorded job: a random draw, the answer chosen, and the best draw there was;
and how its scores rank what was drawn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from tts.equivalence import Equivalence
from tts.eval.attempts import grade
from tts.eval.grading import grading
from tts.eval.metrics.ranking import ndcg_of_scores
from tts.eval.metrics.selected import Ranking, Selected
from tts.eval.recorded import labels_of, read
from tts.eval.replay.pool import Floats
from tts.eval.replay.resample import Resampler, share_between
from tts.eval.report import ComparisonReport
from tts.eval.trace import reading
from tts.ledger import decode_result
from tts.values import ENTRY, Problem, Result

UNKNOWN = float("nan")
Line = tuple[float, float, float, float, float]
"""Of one run: the share of right draws, whether the answer is right, whether any draw is; NDCG@10 of
the draws by score and in any order, NaN where there is none."""


async def selected(
    place: str | Path, job: str = "", *, equivalence: Equivalence | None = None
) -> list[Selected]:
    """A line for each strategy of a job, from the candidates that its ledger kept.

    Runs without a whole draw, or without a reference, are left out. Without an `equivalence` a new
    one grades. Raises as `recorded.read`.
    """
    if equivalence is None:
        async with grading(place) as opened:
            return await selected(place, job, equivalence=opened)
    found = read(place, job)
    problems = {one.id: one for one in found.problems}
    lines = defaultdict[tuple[str, str], dict[str, list[Line]]](lambda: defaultdict(list))
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


async def with_selected(
    report: ComparisonReport,
    problems: Iterable[Problem],
    place: str | Path,
    job: str,
    *,
    equivalence: Equivalence | None = None,
) -> ComparisonReport:
    """The report of a set of programs with what selection got, row by row; any other as it is.

    Every distinct program that was drawn runs under the hidden tests, unless its verdict is kept
    beside the ledger.
    """
    if not report.rows or not all(ENTRY in one.metadata for one in problems):
        return report
    found = await selected(place, job, equivalence=equivalence)
    by_labels = {(one.strategy, one.budget): one for one in found}
    rows = [replace(row, selected=by_labels.get((row.strategy, row.budget))) for row in report.rows]
    return replace(report, rows=tuple(rows))


async def _line(result: Result, problem: Problem, equivalence: Equivalence) -> Line | None:
    """Equal answers are graded once."""
    drafts = [kept for kept in result.candidates if kept.candidate.final]
    whole = [kept.candidate.answer for kept in drafts]
    if not whole or result.error is not None:
        return None
    async with asyncio.TaskGroup() as group:
        graded = {
            answer: group.create_task(grade(answer, problem, equivalence))
            for answer in dict.fromkeys([*whole, result.answer])
        }
    rights = {answer: task.result().correct is True for answer, task in graded.items()}
    drawn = [rights[answer] for answer in whole]
    ranks = _ranks([one.score.value if one.score else None for one in drafts], drawn)
    return sum(drawn) / len(drawn), float(rights[result.answer]), float(any(drawn)), *ranks


def _ranks(scores: Sequence[float | None], rights: Sequence[bool]) -> tuple[float, float]:
    """NDCG@10 by score and in any order; NaN where nothing was scored or nothing is right."""
    gains = [float(right) for right in rights]
    ranked = ndcg_of_scores(scores, gains)
    unranked = ndcg_of_scores([None] * len(gains), gains)
    if ranked is None or unranked is None or all(score is None for score in scores):
        return UNKNOWN, UNKNOWN
    return ranked, unranked


def _selected(strategy: str, budget: str, by_problem: dict[str, list[Line]]) -> Selected:
    table = np.array([np.mean(np.array(lines), axis=0) for lines in by_problem.values()])
    random, chosen, best = Resampler(len(table)).estimates(table[:, :3])
    return Selected(
        strategy=strategy,
        budget=budget,
        problems=len(table),
        random=random,
        selected=chosen,
        oracle=best,
        recovered=share_between(table[:, 0], table[:, 1], table[:, 2]),
        ranking=_ranking(table[:, 3:]),
    )


def _ranking(table: Floats) -> Ranking | None:
    """Of (problems, 2); the problems without a rank are left out."""
    known = table[~np.isnan(table).any(axis=1)]
    if not len(known):
        return None
    resampler = Resampler(len(known))
    ranked, unranked = resampler.estimates(known)
    [gain] = resampler.estimates(known[:, :1] - known[:, 1:], least=-1.0)
    return Ranking(problems=len(known), ranked=ranked, unranked=unranked, gain=gain)
