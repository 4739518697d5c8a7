"""The idealised runtime of a model, fitted to times of single calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from statistics import median

from msgspec import Struct

from tts.budget.idealised_runtime import IdealisedRuntime
from tts.errors import BadInput


class Timing(Struct, frozen=True):
    """One call that had the machine to itself."""

    prompt_tokens: int
    completion_tokens: int
    seconds: float


def fitted(timings: Sequence[Timing]) -> IdealisedRuntime:
    """Seconds on drawn tokens: one slope for all prompt sizes, one intercept for each.

    The slope is the median of those between any two calls of one prompt size, by their distance
    (Theil 1950, Sen 1968): a machine that others use makes some calls slow and none fast, which
    would bend a least-squares line. Raises BadInput where no prompt size was timed with two
    lengths, or where times do not grow with the length.
    """
    groups: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for one in timings:
        groups[one.prompt_tokens].append((one.completion_tokens - 1, one.seconds))
    slope = _common_slope(list(groups.values()))
    prompts = {
        size: max(0.0, median(seconds - slope * steps for steps, seconds in points))
        for size, points in sorted(groups.items())
    }
    return IdealisedRuntime(token_seconds=slope, prompt_seconds=prompts)


def _common_slope(groups: Sequence[Sequence[tuple[int, float]]]) -> float:
    """Within groups, so that longer prompts do not pass for longer answers."""
    slopes = sorted(
        ((high - low) / (right - left), abs(right - left))
        for points in groups
        for (left, low), (right, high) in combinations(points, 2)
        if left != right
    )
    half, passed = sum(weight for _, weight in slopes) / 2, 0
    for slope, weight in slopes:
        passed += weight
        if passed >= half:
            if slope > 0.0:
                return slope
            break
    raise BadInput("The times do not grow with the drawn tokens: nothing can be fitted.")
