"""The row of one strategy under one budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import get_args

from tts.eval.metrics import ProblemScore, accuracy, problem_score
from tts.eval.report.attempt import Attempt
from tts.eval.report.row import BinAccuracy, RoleSpend, Row
from tts.eval.statistics import wilson
from tts.protocols import Role
from tts.values import NOTHING, Usage


def row_of(
    attempts: Sequence[Attempt], bins: Mapping[str, int | None], *, planned: int | None = None
) -> Row:
    """The figures of runs that share strategy and budget; `bins` by problem id."""
    scores = _scores(attempts)
    found = accuracy(scores)
    return Row(
        strategy=attempts[0].strategy,
        budget=attempts[0].budget,
        n=found.n,
        runs=len(attempts),
        accuracy=None if found.value is None else wilson(found.value * found.n, found.n),
        attributed=_sum(attempt.attributed for attempt in attempts),
        billed=_sum(attempt.billed for attempt in attempts),
        seconds=_seconds(attempts),
        stopped_by=dict(Counter(attempt.stopped_by for attempt in attempts)),
        planned=planned,
        early=sum(not attempt.counted for attempt in attempts),
        ungraded=sum(attempt.grade.correct is None for attempt in attempts),
        reasons=dict(Counter(a.error for a in attempts if a.error is not None).most_common()),
        no_answer=dict(Counter(a.no_answer for a in attempts if a.no_answer).most_common()),
        missing=missing_of(attempts),
        undecided=found.undecided,
        spend=_spend(attempts),
        bins=_by_bin(scores, bins),
    )


def missing_of(attempts: Iterable[Attempt]) -> dict[str, int]:
    """Draws and verdicts that never came, by reason, the most frequent first."""
    found: Counter[str] = Counter()
    for attempt in attempts:
        found.update(attempt.missing)
    return dict(found.most_common())


def solved_shares(attempts: Sequence[Attempt]) -> dict[str, float]:
    """By problem id, the share of right answers among its graded runs."""
    means = {score.problem_id: score.mean for score in _scores(attempts)}
    return {problem: mean for problem, mean in means.items() if mean is not None}


def _scores(attempts: Sequence[Attempt]) -> list[ProblemScore]:
    grades: dict[str, list[Attempt]] = {}
    for attempt in (one for one in attempts if one.counted):
        grades.setdefault(attempt.problem_id, []).append(attempt)
    return [problem_score(one, (run.grade for run in runs)) for one, runs in grades.items()]


def _sum(usages: Iterable[Usage]) -> Usage:
    return reduce(add, usages, NOTHING)


def _seconds(attempts: Sequence[Attempt]) -> float | None:
    known = [attempt.seconds for attempt in attempts if attempt.seconds is not None]
    return sum(known) if len(known) == len(attempts) else None


def _spend(attempts: Sequence[Attempt]) -> tuple[RoleSpend, ...]:
    used: list[Role] = [
        role for role in get_args(Role) if any(role in attempt.spend for attempt in attempts)
    ]
    return tuple(
        RoleSpend(role, _sum(one.spend[role] for one in attempts if role in one.spend))
        for role in used
    )


def _by_bin(
    scores: Sequence[ProblemScore], bins: Mapping[str, int | None]
) -> tuple[BinAccuracy, ...]:
    members: dict[int, list[float]] = {}
    for score in scores:
        place = bins.get(score.problem_id)
        if place is not None and score.mean is not None:
            members.setdefault(place, []).append(score.mean)
    return tuple(
        BinAccuracy(place, len(means), wilson(min(sum(means), len(means)), len(means)))
        for place, means in sorted(members.items())
    )
