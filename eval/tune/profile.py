"""What a search found, as a file that `vllm:` loads."""

from __future__ import annotations

from typing import Any

import yaml

from tts.eval.tune.space import engine_values
from tts.eval.tune.trial import Failed, Measured, Point, Tried, best_of


def profile_text(tried: tuple[Tried, ...], *, facts: dict[str, Any], shipped: Point) -> str:
    """YAML with the best setting's engine arguments, its figures and where they were measured.

    `facts`: model, workload, machine and unit. `shipped`: the profile it is compared with. Raises
    ValueError where every trial failed.
    """
    best = best_of(tried)
    if best is None:
        raise ValueError("Every trial failed.")
    one, measured = best
    before = next((t.outcome for t in tried if t.point == dict(shipped)), None)
    content: dict[str, Any] = {
        **facts,
        "rate": figures(measured),
        "rate_of_profile_throughput": figures(before) if isinstance(before, Measured) else None,
        "trials": len(tried),
        "failed": sum(isinstance(t.outcome, Failed) for t in tried),
        "engine_arguments": engine_values(one.point),
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def figures(measured: Measured) -> dict[str, float]:
    """Median and range of the repeats."""
    return {
        "median": round(measured.rate, 1),
        "low": round(min(measured.rates), 1),
        "high": round(max(measured.rates), 1),
    }
