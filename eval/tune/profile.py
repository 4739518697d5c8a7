"""What a search found, as a file that `vllm:` loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from tts.eval.tune.space import engine_values
from tts.eval.tune.trial import Failed, Measured, Point, Tried, best_of


def profile_text(
    tried: tuple[Tried, ...], *, facts: dict[str, Any], shipped: Sequence[Point]
) -> str:
    """YAML with the best setting's engine arguments, its figures and where they were measured.

    `facts`: model, workload, machine and unit. `shipped`: the profiles it is compared with. Raises
    ValueError where every trial failed.
    """
    best = best_of(tried)
    if best is None:
        raise ValueError("Every trial failed.")
    one, measured = best
    content: dict[str, Any] = {
        **facts,
        "rate": figures(measured),
        "rates_of_shipped_profiles": [figures(one) for one in rates_of(tried, shipped)],
        "clear_of_shipped_profiles": clear_of(measured, rates_of(tried, shipped)),
        "trials": len(tried),
        "failed": sum(isinstance(t.outcome, Failed) for t in tried),
        "engine_arguments": engine_values(one.point),
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def rates_of(tried: Sequence[Tried], points: Sequence[Point]) -> list[Measured]:
    """What was measured at the points."""
    return [
        one.outcome
        for point in points
        for one in tried
        if one.point == dict(point) and isinstance(one.outcome, Measured)
    ]


def clear_of(best: Measured, others: Sequence[Measured]) -> bool:
    """Whether every repeat of the best is faster than every one of the others.

    Where this is false, the gain may be the luck of the best of many noisy trials.
    """
    return min(best.rates) > max((max(one.rates) for one in others), default=0.0)


def figures(measured: Measured) -> dict[str, float]:
    """Median and range of the repeats."""
    return {
        "median": round(measured.rate, 1),
        "low": round(min(measured.rates), 1),
        "high": round(max(measured.rates), 1),
    }
