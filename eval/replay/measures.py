"""What a pool says of its model and its verifier, beyond the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from tts.eval.metrics import (
    BudgetPoint,
    Calibration,
    CoverageFit,
    Headroom,
    OracleGap,
    Overconfidence,
    Stopped,
    accuracy_if_stopped,
    auc,
    calibration,
    coverage_fit,
    headroom,
    mean_regret,
    oracle_gap,
    overconfidence,
    rank_within,
)
from tts.eval.replay.pool import Pool
from tts.eval.replay.trails import Selection, trails

POINTS = 12
"""Budgets of a curve, from nothing to what the dearest problem's draws take."""


class Verified(Struct, frozen=True, kw_only=True):
    """How good the recorded scores are."""

    auc: float | None
    """Over all draws of all problems; None where all are right, or all wrong."""
    within: float | None
    """Inside a problem, where selection happens."""
    calibration: Calibration


class Interrupted(Struct, frozen=True, kw_only=True):
    """Accuracy of whoever has to answer after so many tokens, one draw after another."""

    selection: Selection
    curve: tuple[BudgetPoint, ...]
    regret: float
    """Mean loss to a perfect selection among the same draws (MRT, the area between the curves)."""


class Measures(Struct, frozen=True, kw_only=True):
    """Figures of a pool; None where it cannot tell."""

    coverage: CoverageFit | None
    headroom: Headroom | None
    overconfidence: Overconfidence | None
    verified: Verified | None
    interrupted: tuple[Interrupted, ...]


def measures(pool: Pool, *, orders: int) -> Measures:
    """Everything that the draws tell; `orders` of each problem are walked for the budgets."""
    several = pool.most > 1
    told = [(draws.sizes.tolist(), draws.rights.tolist()) for draws in pool]
    return Measures(
        coverage=coverage_fit([(int(d.correct.sum()), d.n) for d in pool]) if several else None,
        headroom=headroom([d.correct.tolist() for d in pool]) if several else None,
        overconfidence=overconfidence(told, pool.most) if pool.votes else None,
        verified=_verified(pool) if pool.scored else None,
        interrupted=tuple(_interrupted(pool, one, orders) for one in _selections(pool)),
    )


def _selections(pool: Pool) -> Sequence[Selection]:
    voting: list[Selection] = ["majority"] if pool.votes else []
    return [*voting, "best"] if pool.scored else voting


def _verified(pool: Pool) -> Verified:
    problems = [
        [
            (float(score), bool(right))
            for score, right in zip(draws.scores, draws.correct, strict=True)
            if not np.isnan(score)
        ]
        for draws in pool
    ]
    every = [one for scored in problems for one in scored]
    return Verified(auc=auc(every), within=rank_within(problems), calibration=calibration(every))


def _interrupted(pool: Pool, selection: Selection, orders: int) -> Interrupted:
    chosen: dict[str, list[Stopped]] = {}
    perfect: dict[str, list[Stopped]] = {}
    for draws in pool:
        for trail in trails(draws, selection, orders):
            spent = trail.spent.tolist()
            found = np.maximum.accumulate(trail.draws.correct).tolist()
            chosen.setdefault(draws.problem_id, []).append(Stopped(spent, trail.right.tolist()))
            perfect.setdefault(draws.problem_id, []).append(Stopped(spent, found))
    most = max(one.spent[-1] for runs in chosen.values() for one in runs)
    budgets = np.linspace(0, most, POINTS + 1).tolist()
    curve = accuracy_if_stopped(chosen, budgets)
    regret = mean_regret(curve, accuracy_if_stopped(perfect, budgets))
    return Interrupted(selection=selection, curve=curve, regret=regret)


class Oracles(Struct, frozen=True, kw_only=True):
    """What the best model, or the best effort of each model, leaves to hindsight, by pass@1."""

    models: OracleGap
    efforts: Mapping[str, OracleGap]
    """By model, of those with several efforts (`name|effort`)."""


def oracles(pools: Sequence[Pool]) -> Oracles | None:
    """None where fewer than two pools have problems in common."""
    chances = {
        pool.setting: {draws.problem_id: float(draws.correct.mean()) for draws in pool}
        for pool in pools
    }
    common = set.intersection(*map(set, chances.values())) if len(chances) > 1 else set()
    if not common:
        return None
    names = dict.fromkeys(name.partition("|")[0] for name in chances)
    efforts = {
        name: {k: v for k, v in chances.items() if k.partition("|")[0] == name} for name in names
    }
    return Oracles(
        models=oracle_gap(chances),
        efforts={name: oracle_gap(found) for name, found in efforts.items() if len(found) > 1},
    )
