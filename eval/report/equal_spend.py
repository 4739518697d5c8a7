"""The baseline at the spend of another row, and what rows left of their budgets.

At an equal budget two methods may spend very differently. At an equal spend the baseline is read off
the line through its own rows of one comparison, those of its other budgets and sizes: piecewise
linear in the logarithm of the mean spend per run. Nothing is said beyond its cheapest and its
dearest row.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose, log

from msgspec.structs import replace

from tts.engine.spelling import parse_budget, split_outside
from tts.errors import BadInput
from tts.eval.report import wording
from tts.eval.report.axes import AXES, Axis
from tts.eval.report.rows import AtSpend, Row
from tts.eval.statistics import FEWEST, paired_interval

Group = tuple[str, str]
"""Labels of strategy and budget."""
Shares = Mapping[str, float]
"""By problem id, the share of right answers."""

DEARER = "baseline spends more"
"""Each of the baseline's rows."""
CHEAPER = "baseline spends less"
RESAMPLES = 2_000
"""Of the problems: every row has an interval on every axis, and gaps between lines rarely repeat."""
SAME = 1e-9
"""Relative distance of two spends that are one."""


def family(strategy: str) -> tuple[str, ...]:
    """What a strategy's label says beside its `n`: equal for one method at several sizes."""
    name, _, inside = strategy.partition("(")
    parts = split_outside(inside.removesuffix(")"))
    return (name, *(part for part in parts if part and not part.startswith("n=")))


def unspent(row: Row) -> float | None:
    """The share of the budget that a mean run left, of the ceiling that it came nearest to.

    None where there is no additive ceiling (a deadline is none), or a use is unknown.
    """
    try:
        ceilings = parse_budget(row.budget).ceilings
    except BadInput:
        return None
    means = [(row.mean(getattr(row.attributed, name)), most) for name, most in ceilings.items()]
    shares = [mean / most for mean, most in means if mean is not None and most]
    return 1 - max(shares) if shares and len(shares) == len(means) else None


def with_equal_spend(
    rows: Mapping[Group, Row], shares: Mapping[Group, Shares], baseline: str | None, *, seed: int
) -> dict[Group, Row]:
    """The rows, those of other methods with their differences to the baseline at their spends."""
    own = family(baseline) if baseline else ()
    base = {group: row for group, row in rows.items() if family(group[0]) == own}
    if not base:
        return dict(rows)
    return {
        group: row
        if group in base
        else replace(row, at_spend=_at_spends(row, shares[group], base, shares, seed))
        for group, row in rows.items()
    }


def _at_spends(
    row: Row,
    solved: Shares,
    base: Mapping[Group, Row],
    shares: Mapping[Group, Shares],
    seed: int,
) -> dict[str, AtSpend]:
    """By the name of the axis. A spend of nothing is no place on a logarithm: unknown, too."""
    found: dict[str, AtSpend] = {}
    for axis in AXES:
        spend, costs = axis.of(row), _costs(axis, base)
        if not spend or not costs:
            found[axis.name] = AtSpend(why=wording.UNKNOWN)
        elif weights := weights_at(spend, costs):
            found[axis.name] = _difference(solved, shares, weights, seed)
        else:
            found[axis.name] = AtSpend(why=DEARER if spend < min(costs.values()) else CHEAPER)
    return found


def _costs(axis: Axis, base: Mapping[Group, Row]) -> dict[Group, float]:
    known = {group: axis.of(row) for group, row in base.items() if row.accuracy is not None}
    return {group: cost for group, cost in known.items() if cost}


def weights_at(spend: float, costs: Mapping[Group, float]) -> dict[Group, float]:
    """How much each row of the baseline counts at a spend, 1 in sum: linear in its logarithm
    between the next cheaper and the next dearer one, rows of one cost alike. Empty: the rows do not
    bracket the spend."""
    below = max((cost for cost in costs.values() if cost <= spend * (1 + SAME)), default=None)
    above = min((cost for cost in costs.values() if cost >= spend * (1 - SAME)), default=None)
    if below is None or above is None:
        return {}
    share = 0.0 if above <= below * (1 + SAME) else log(spend / below) / log(above / below)
    weights: dict[Group, float] = {}
    for cost, part in ((below, 1 - share), (above, share)):
        tied = [group for group, one in costs.items() if isclose(one, cost, rel_tol=SAME)]
        weights |= {group: part / len(tied) for group in tied if part > 0}
    return weights


def _difference(
    solved: Shares, shares: Mapping[Group, Shares], weights: Mapping[Group, float], seed: int
) -> AtSpend:
    """Paired over the problems that all have, the spends taken as they were measured."""
    named = [*weights]
    shared = sorted(set(solved).intersection(*(shares[group] for group in named)))
    if len(shared) < FEWEST:
        return AtSpend(why=wording.TOO_FEW)
    gaps = [
        solved[one] - sum(weight * shares[group][one] for group, weight in weights.items())
        for one in shared
    ]
    between = tuple(" · ".join(filter(None, group)) for group in named)
    interval = paired_interval(gaps, seed=seed, resamples=RESAMPLES)
    return AtSpend(interval, n=len(shared), between=between)
