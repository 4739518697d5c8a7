"""A plan on recorded draws: how often it would have been right, and what it would have spent."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tts.errors import UsageError
from tts.eval.replay.plan import Plan
from tts.eval.replay.pool import Draws, Floats, Ints, Pool
from tts.eval.replay.resample import Resampler
from tts.eval.replay.trails import Trail, trails, verdicts
from tts.eval.statistics import Estimate
from tts.strategies.parts.stopping import StopRule
from tts.values import NANO, Budget, unit_of

ORDERS = 20


class Replayed(Struct, frozen=True, kw_only=True):
    """A plan's figures, each a mean over problems and orders of their draws."""

    label: str
    budget: str = ""
    n: int
    """Problems."""
    accuracy: Estimate
    difference: Estimate | None
    """To the same choice among all the draws that the plan may take; None: it takes them all."""
    draws: float
    share: float
    """Of the draws that it may take."""
    tokens: float
    prompt_tokens: float
    """The part of them that was read."""
    score_tokens: float
    dollars: float | None
    seconds: float | None
    """Batches one after another, each as slow as its slowest draw."""


def replayed(
    pool: Pool,
    plan: Plan,
    *,
    orders: int = ORDERS,
    budget: Budget | None = None,
    label: str = "",
    seed: int = 0,
) -> Replayed:
    """Walk every problem's draws in the recorded order and in random ones.

    Under a budget a draw that would pass a ceiling by its recorded length is not taken. Raises
    `UsageError` where the plan looks at scores and none were recorded, or votes and none can, and
    where a ceiling is over what was not recorded.
    """
    if told := lacking(pool, plan, budget):
        raise UsageError(told)
    walked = [_walk(draws, plan, orders, budget) for draws in pool]
    taken, all_ = (np.array([one[at] for one in walked]) for at in (0, 1))
    resampler = Resampler(len(walked), seed=seed)
    [accuracy] = resampler.estimates(taken[:, :1])
    gap = resampler.estimates(taken[:, :1] - all_[:, :1], least=-1.0)[0] if plan.stops else None
    means, most = taken.mean(axis=0), all_.mean(axis=0)
    return Replayed(
        label=plan.label,
        budget=label,
        n=len(walked),
        accuracy=accuracy,
        difference=gap,
        draws=float(means[1]),
        share=float(means[1] / most[1]) if most[1] else 0.0,
        tokens=float(means[2]),
        score_tokens=float(means[3]),
        dollars=float(means[4]) if pool.priced else None,
        seconds=float(means[5]) if pool.timed else None,
        prompt_tokens=float(means[6]),
    )


CEILINGS = ("tokens", "prompt_tokens", "completion_tokens", "calls", "nanodollars")
"""Beside seconds, what recorded draws can be held to."""


def lacking(pool: Pool, plan: Plan, budget: Budget | None = None) -> str:
    """Why a pool cannot tell what a plan would do, in a sentence; empty: it can."""
    where = f"{plan.label}: {pool.source} has"
    if plan.scored and not pool.scored:
        return f"{where} no scores for {pool.setting!r}."
    if plan.choice in ("majority", "weighted") and not pool.votes:
        return f"{where} no answers for {pool.setting!r}, only verdicts; there is nothing to vote with."
    if plan.first is not None and not pool.timed:
        return f"{where} no seconds for every draw of {pool.setting!r}; who is first is not known."
    if plan.stops and pool.most < 2:
        return f"{where} one draw per problem of {pool.setting!r}; a stop rule needs several."
    return _uncapped(pool, budget) if budget is not None else ""


def _uncapped(pool: Pool, budget: Budget) -> str:
    """Which ceiling is on what the record does not tell, in a sentence: it would hold nothing back."""
    if unknown := [name for name in budget.ceilings if name not in CEILINGS]:
        return f"--budget: recorded draws do not tell {unit_of(unknown[0])}."
    if budget.nanodollars is not None and not pool.priced:
        return f"--budget: the price of {pool.setting!r} is unknown; --prices FILE tells it."
    if budget.seconds is not None and not pool.timed:
        return f"--budget: {pool.source} has no seconds for every draw of {pool.setting!r}."
    return ""


def _walk(draws: Draws, plan: Plan, orders: int, budget: Budget | None) -> tuple[Floats, Floats]:
    """Means over orders, for the plan and for all draws that it may take: right, draws, tokens,
    tokens of scores, dollars, seconds, tokens of prompts."""
    stopped, whole = [], []
    for trail in trails(draws, plan.choice, orders):
        most = min(plan.n, draws.n, _affordable(trail, budget, scored=plan.scored))
        if plan.first is not None:
            stopped.append(_raced(trail, most, plan.first))
            whole.append(_figures(trail, most, plan.full()))
            continue
        k = _stop(trail, plan.rule, plan.batch, most) if plan.stops else most
        stopped.append(_figures(trail, k, plan))
        whole.append(_figures(trail, most, plan.full()) if k != most else stopped[-1])
    return np.mean(stopped, axis=0), np.mean(whole, axis=0)


def _stop(trail: Trail, rule: StopRule, batch: int, most: int) -> int:
    """Draws taken: to the end of the batch in which the rule holds for the first time."""
    seen = trail.seen
    needed = next((k for k in range(1, most + 1) if rule.stops(seen.first(k))), most)
    return min(most, -(-needed // batch) * batch)


def _figures(trail: Trail, k: int, plan: Plan) -> Floats:
    draws = trail.draws
    right = bool(trail.right[k - 1]) if k else False
    starts = range(0, k, plan.batch)
    slowest = sum(float(draws.seconds[at : min(k, at + plan.batch)].max()) for at in starts)
    scoring = float(draws.scoring[:k].sum()) if plan.scored else 0.0
    spent = float(trail.spent[k - 1]) if k else 0.0
    dollars, read = float(draws.dollars[:k].sum()), float(draws.prompts[:k].sum())
    return np.array([right, k, spent, scoring, dollars, slowest, read])


def _raced(trail: Trail, n: int, first: int) -> Floats:
    """As `_figures`, where n draws start at once and the first few that end with an answer vote;
    what is dropped then has drawn as much of its tokens as the time allowed."""
    draws = trail.draws.order(range(n))
    arrival = np.argsort(draws.seconds, kind="stable")
    voting = [int(at) for at in arrival if draws.classes[at] >= 0][:first]
    whole = len(voting) == first
    end = float(draws.seconds[voting[-1]] if whole else draws.seconds.max(initial=0.0))
    right = bool(voting) and bool(verdicts(draws.order(voting), "majority")[-1])
    share = np.minimum(1.0, end / np.maximum(draws.seconds, 1e-9))
    read = float(draws.prompts.sum())
    spent = read + float((draws.tokens * share).sum())
    taken = len(voting) if whole else n
    return np.array([right, taken, spent, 0.0, float((draws.dollars * share).sum()), end, read])


def _affordable(trail: Trail, budget: Budget | None, *, scored: bool) -> int:
    """How many draws fit under every ceiling, by what they were recorded to take."""
    if budget is None:
        return trail.draws.n
    draws = trail.draws
    scoring = np.cumsum(draws.scoring) if scored else 0
    grown: dict[str, tuple[Floats | Ints, float | None]] = {
        "tokens": (trail.spent + scoring, budget.tokens),
        "prompt_tokens": (np.cumsum(draws.prompts), budget.prompt_tokens),
        "completion_tokens": (np.cumsum(draws.tokens), budget.completion_tokens),
        "calls": (np.arange(1, draws.n + 1), budget.calls),
        "nanodollars": (np.cumsum(draws.dollars) * NANO, budget.nanodollars),
        "seconds": (np.cumsum(draws.seconds), budget.seconds),
    }
    fits = [
        int(np.searchsorted(amounts, ceiling, side="right"))
        for amounts, ceiling in grown.values()
        if ceiling is not None
    ]
    return min([draws.n, *fits])
