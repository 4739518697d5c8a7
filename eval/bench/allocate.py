"""`allocate`: one budget for a million problems, and how near the rules come to the optimum."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import numpy as np

from tts.eval.allocate import Allocation, Curves, Stream, by_gain, by_price, evenly
from tts.eval.bench.report import Row, at_least, at_most, figure

PROBLEMS, DRAWS, AVERAGE = 1_000_000, 16, 4
"""A set, the most draws that a problem may have, and how many it has on the average."""
SMALL, SETS = 300, 20
"""Problems of a set that dynamic programming can do, and how many such sets."""
Shape = Callable[[np.random.Generator, int, int], Curves]


def allocate(problems: int = PROBLEMS) -> list[Row]:
    """Time and memory in a process of its own; values beside dynamic programming and beside the
    same for everyone."""
    rows = [row for name in SHAPES for row in _million(name, problems)]
    for name, shape in SHAPES.items():
        rows += _near(name, shape)
    return [*rows, *_streamed()]


def surging(random: np.random.Generator, problems: int, draws: int) -> Curves:
    """S-shaped curves: nothing until a number of draws that differs, then a rise of some steepness
    to a top that differs, too."""
    need = random.uniform(1, draws, problems)
    steep, top = random.uniform(0.5, 6.0, problems), random.beta(2.0, 1.0, problems)
    values = np.empty((problems, draws + 1))
    for drawn in range(draws + 1):
        values[:, drawn] = top / (1 + np.exp(-steep * (drawn - need)))
    values -= values[:, :1].copy()
    return Curves(np.arange(draws + 1.0), values)


def rising(random: np.random.Generator, problems: int, draws: int) -> Curves:
    """Coverage of chances that differ: gains fall from draw to draw."""
    missed = 1 - random.beta(0.5, 1.0, problems)
    values = np.zeros((problems, draws + 1))
    for drawn in range(1, draws + 1):
        values[:, drawn] = 1 - missed**drawn
    return Curves(np.arange(draws + 1.0), values)


SHAPES: dict[str, Shape] = {"S-shaped": surging, "falling gains": rising}


def _million(name: str, problems: int) -> list[Row]:
    command = [sys.executable, "-c", _METERED, name, str(problems)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    what = f"{problems:,} problems, {name}, {DRAWS} draws at most"
    return [
        at_most(f"{what}: CPU of the shadow price", told["cpu"], "s", bar=10),
        figure(f"{what}: wall time of it", told["seconds"], "s"),
        at_most(f"{what}: memory of the process", told["mib"], "MiB", bar=2_000),
        figure(f"{what}: gap to the bound, of a million", told["gap"], "parts"),
    ]


_METERED = """
import json, sys, time
import numpy as np
from tts.eval.allocate import by_price
from tts.eval.bench.allocate import AVERAGE, DRAWS, SHAPES

name, problems = sys.argv[1], int(sys.argv[2])
curves = SHAPES[name](np.random.default_rng(0), problems, DRAWS)
start, cpu = time.perf_counter(), time.process_time()
found = by_price(curves, AVERAGE * problems)
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
lines = open("/proc/self/status").read().splitlines()
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
gap = 1e6 * (found.bound - found.value) / found.bound
print(json.dumps({"seconds": seconds, "cpu": cpu, "mib": peak / 1024, "gap": gap}))
"""


def _near(name: str, shape: Shape) -> list[Row]:
    """The worst of several sets, as a share of what dynamic programming finds."""
    rules: dict[str, Callable[[Curves, float], Allocation]] = {
        "shadow price": by_price,
        "next unit's gain (Damani)": by_gain,
        "the same for all": evenly,
    }
    worst = dict.fromkeys(rules, 1.0)
    for seed in range(SETS):
        curves, budget = shape(np.random.default_rng(seed), SMALL, DRAWS), AVERAGE * SMALL
        best = most_of(curves, budget)
        for rule, found in rules.items():
            worst[rule] = min(worst[rule], found(curves, budget).value / best)
    what = f"least of {SETS} sets of {SMALL}, {name}, as a share of dynamic programming"
    first, *others = worst.items()
    return [
        at_least(f"{first[0]}, {what}", first[1], "", bar=0.99),
        *(figure(f"{rule}, {what}", share, "") for rule, share in others),
    ]


def most_of(curves: Curves, budget: int) -> float:
    """What a budget in whole units can buy at most, by dynamic programming over every amount."""
    best = np.zeros(budget + 1)
    for values in curves.values:
        fresh = best + values[0]
        for cost in range(1, min(budget, len(values) - 1) + 1):
            fresh[cost:] = np.maximum(fresh[cost:], best[: budget + 1 - cost] + values[cost])
        best = fresh
    return float(best.max())


def _streamed() -> list[Row]:
    """Problems one by one, the price learnt on others, beside the whole set at once."""
    known, coming = (surging(np.random.default_rng(seed), 5_000, DRAWS) for seed in (1, 2))
    budget = float(AVERAGE * coming.problems)
    stream = Stream(known, budget, coming.problems)
    choice = np.array([stream.spend(coming.costs, values) for values in coming.values])
    share = coming.taken(choice).value / by_price(coming, budget).value
    return [at_least("5,000 problems one by one, as a share of all at once", share, "", bar=0.97)]
