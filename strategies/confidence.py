"""How sure a model was of a trace, from the log-probabilities of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import ceil
from statistics import fmean
from typing import Literal

Measure = Literal["mean", "tail", "bottom", "lowest"]
"""Of the whole trace, of its last window, of its weakest tenth of windows, of its weakest one."""


def group_confidences(confidences: Sequence[float], window: int) -> list[float]:
    """Means over a sliding window of tokens; one mean over all where the trace is shorter."""
    size = min(window, len(confidences))
    sums = [0.0, *accumulate(confidences)]
    ends = range(size, len(confidences) + 1)
    return [(sums[end] - sums[end - size]) / size for end in ends] if size else []


def _mean(confidences: Sequence[float], window: int) -> float:
    return fmean(confidences)


def _tail(confidences: Sequence[float], window: int) -> float:
    return fmean(confidences[-window:])


def _bottom(confidences: Sequence[float], window: int) -> float:
    groups = sorted(group_confidences(confidences, window))
    return fmean(groups[: ceil(len(groups) / 10)])


def _lowest(confidences: Sequence[float], window: int) -> float:
    return min(group_confidences(confidences, window))


MEASURES: Mapping[Measure, Callable[[Sequence[float], int], float]] = {
    "mean": _mean,
    "tail": _tail,
    "bottom": _bottom,
    "lowest": _lowest,
}


def confidence(confidences: Sequence[float], measure: Measure, window: int) -> float | None:
    """One number for a trace (Fu et al. 2025, section 3.1); None where nothing was reported."""
    return MEASURES[measure](confidences, window) if confidences else None
