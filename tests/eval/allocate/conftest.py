from __future__ import annotations

from itertools import product

import numpy as np

from tts.eval.allocate.curves import Curves, Floats


def by_tables(curves: Curves, budget: int) -> float:
    """The most that whole costs can buy, by dynamic programming over every amount."""
    best = np.full(budget + 1, -np.inf)
    best[0] = 0.0
    for costs, values in zip(curves.table.astype(int), curves.values, strict=True):
        fresh = np.full(budget + 1, -np.inf)
        for cost, value in zip(costs, values, strict=True):
            if cost <= budget:
                fresh[cost:] = np.maximum(fresh[cost:], best[: budget + 1 - cost] + value)
        best = fresh
    return float(best.max())


def by_trying(curves: Curves, budget: float) -> float:
    """The most that anything within a budget can buy: every combination of options."""
    rows = range(curves.problems)
    worths = (
        sum(curves.values[row, at] for row, at in enumerate(choice))
        for choice in product(range(curves.options), repeat=curves.problems)
        if sum(curves.table[row, at] for row, at in zip(rows, choice, strict=True)) <= budget + 1e-9
    )
    return float(max(worths))


def rising(random: np.random.Generator, problems: int, options: int) -> Curves:
    """Coverage of 0, 1, 2, … draws: gains fall."""
    chance = random.beta(0.5, 1.0, problems)
    draws = np.arange(options)
    return Curves.of(draws, 1 - (1 - chance[:, None]) ** draws)


def surging(random: np.random.Generator, problems: int, options: int) -> Curves:
    """Curves that are flat until so many draws, which differ, and rise then: S-shaped."""
    need = random.uniform(1, options - 1, problems)
    steep = random.uniform(0.5, 6.0, problems)
    top = random.beta(2.0, 1.0, problems)
    draws = np.arange(options)
    values: Floats = top[:, None] / (1 + np.exp(-steep[:, None] * (draws - need[:, None])))
    return Curves.of(draws, values - values[:, :1])
