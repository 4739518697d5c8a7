"""The idealised runtime of a model, fitted to times of single calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import mean, median

from msgspec import Struct

from tts.budget.idealised_runtime import IdealisedRuntime
from tts.errors import BadInput


class Timing(Struct, frozen=True):
    """One call that had the machine to itself."""

    prompt_tokens: int
    completion_tokens: int
    seconds: float


def fitted(timings: Sequence[Timing]) -> IdealisedRuntime:
    """Least squares of seconds on drawn tokens, one slope for all and one intercept per prompt size.

    Equal calls are first reduced to their median. Raises BadInput where no prompt size was timed
    with two lengths, or where times do not grow with the length.
    """
    cells: dict[tuple[int, int], list[float]] = defaultdict(list)
    for one in timings:
        cells[one.prompt_tokens, one.completion_tokens].append(one.seconds)
    groups: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (prompt, drawn), seconds in cells.items():
        groups[prompt].append((drawn - 1, median(seconds)))
    slope = _common_slope(list(groups.values()))
    prompts = {
        size: max(0.0, mean(seconds - slope * steps for steps, seconds in points))
        for size, points in sorted(groups.items())
    }
    return IdealisedRuntime(token_seconds=slope, prompt_seconds=prompts)


def _common_slope(groups: Sequence[Sequence[tuple[int, float]]]) -> float:
    """Within groups, so that longer prompts do not pass for longer answers."""
    covariance = variance = 0.0
    for points in groups:
        middle, height = mean(x for x, _ in points), mean(y for _, y in points)
        covariance += sum((x - middle) * (y - height) for x, y in points)
        variance += sum((x - middle) ** 2 for x, _ in points)
    if variance == 0.0 or covariance <= 0.0:
        raise BadInput("The times do not grow with the drawn tokens: nothing can be fitted.")
    return covariance / variance
