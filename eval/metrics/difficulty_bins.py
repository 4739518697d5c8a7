"""Difficulty as a model feels it."""

from __future__ import annotations

from collections.abc import Mapping


def difficulty_bins(pass_rates: Mapping[str, float], *, bins: int = 5) -> dict[str, int]:
    """A bin per problem id, 1 (easiest) to `bins`, by quantiles of the model's own pass@1.

    Problems of equal pass@1 share a bin, so bins may be uneven and a bin may stay empty (Snell et
    al. 2024, section 3.2). Estimate the rates on other draws than those that are compared.
    """
    if bins < 1:
        raise ValueError(f"At least one bin is needed, not {bins}.")
    ordered = sorted(pass_rates, key=lambda one: (-pass_rates[one], one))
    middle: dict[float, float] = {}
    for rate in set(pass_rates.values()):
        places = [place for place, one in enumerate(ordered) if pass_rates[one] == rate]
        middle[rate] = (places[0] + places[-1] + 1) / 2
    return {one: 1 + int(middle[pass_rates[one]] * bins / len(ordered)) for one in ordered}
