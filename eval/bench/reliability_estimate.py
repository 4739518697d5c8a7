"""`reliability`, the part about estimates: how often a pilot's bounds hold what the whole job costs
(row B7)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from statistics import median

from tts.eval.bench.report import Row, at_least, at_most, figure
from tts.eval.pilot import forecast

JOBS, WHOLE, SEEN, SEED = 2000, 500, 20, 3
"""Simulated jobs, problems of each, and of these in the pilot."""
WIDEST = 25.0
"""Percent: half of the interval, where costs are no more skewed than tokens of one kind of problem."""
Cost = Callable[[Random], float]
COSTS: dict[str, Cost] = {
    "log-normal, σ = 0.5": lambda rng: rng.lognormvariate(0, 0.5),
    "gamma, shape 3": lambda rng: rng.gammavariate(3, 1),
    "early or late": lambda rng: 4 + 12 * (rng.random() < 0.3),
    "exponential": lambda rng: rng.expovariate(1),
    "log-normal, σ = 1": lambda rng: rng.lognormvariate(0, 1),
}


def pilots(jobs: int = JOBS) -> list[Row]:
    """For each kind of cost: jobs whose bill lies inside of the bounds, and how wide those are."""
    return [row for what in COSTS for row in _held(what, jobs)]


def _held(what: str, jobs: int) -> list[Row]:
    rng, held, widths = Random(SEED), 0, []
    for _ in range(jobs):
        costs = [COSTS[what](rng) for _ in range(WHOLE)]
        found = forecast(costs[:SEEN], WHOLE)
        held += found.low <= sum(costs) <= found.high
        widths.append(100 * found.half_width)
    share = 100 * held / jobs
    wide = f"B7 half of the interval, {what}"
    return [
        at_least(f"B7 bills inside of the interval, {what}", share, "%", bar=85),
        at_most(f"B7 the same, no wider than it says, {what}", share, "%", bar=95),
        at_most(wide, median(widths), "%", bar=WIDEST)
        if what in ("log-normal, σ = 0.5", "gamma, shape 3")
        else figure(wide, median(widths), "%"),
    ]
