"""`reading`: texts of any length are read in linear time, figures are ready at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from tts.answers import TASKS
from tts.equivalence import is_admissible
from tts.eval.bench.report import Row, at_most
from tts.eval.statistics import bootstrap_mean

RUNS = 5
MEGABYTE = 2**20
GUARDED = 4096
"""Characters that the guard of algebra looks at."""
LURES = ("\\boxed{", "\\boxed x", "\\fbox", "answer is ", "####\n", "1,111", "{", "\\", "\n", "٣")
"""What a reader that looks back would go over again and again."""
KNOTS = ("{", "^", "1!", "\\sqrt", "(a", "9^")
PROBLEMS = 500


def reading(*, runs: int = RUNS) -> list[Row]:
    """The slowest of every reader over texts made to slow it, and a bootstrap interval."""
    values = [float(place % 3 - 1) for place in range(PROBLEMS)]
    extraction = max(
        _seconds(partial(task.extract, _filled(lure, MEGABYTE)), runs)
        for task in TASKS.values()
        for lure in LURES
    )
    guard = max(_seconds(partial(is_admissible, _filled(knot, GUARDED)), runs) for knot in KNOTS)
    interval = _seconds(partial(bootstrap_mean, values, seed=0), runs)
    return [
        at_most("slowest extraction of an answer from a megabyte", 1000 * extraction, "ms", bar=50),
        at_most("slowest look at a longest answer before algebra", 1000 * guard, "ms", bar=50),
        at_most(f"bootstrap interval over {PROBLEMS} problems", 1000 * interval, "ms", bar=500),
    ]


def _filled(unit: str, length: int) -> str:
    return unit * (length // len(unit))


def _seconds(work: Callable[[], object], runs: int) -> float:
    taken: list[float] = []
    for _ in range(runs):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return median(taken)
