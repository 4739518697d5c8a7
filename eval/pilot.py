"""What a comparison will be billed, told from the first problems of it before the rest is paid for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp, sqrt
from statistics import NormalDist, fmean

from msgspec import Struct

from tts.eval.attempts import Attempt
from tts.eval.report.wording import money, short
from tts.values import NANO, Problem, Usage

LEAST = 5
"""Problems that a pilot needs: of fewer, a spread says nothing."""
SURE = 0.9
Amount = Callable[[Usage], int | None]


class Forecast(Struct, frozen=True):
    """A sum over all problems, between bounds that hold in nine of ten cases."""

    low: float
    middle: float
    high: float

    @property
    def half_width(self) -> float:
        """As a share of the middle."""
        return (self.high - self.low) / 2 / self.middle if self.middle else 0.0


class RowForecast(Struct, frozen=True, kw_only=True):
    """What a row of the grid will take; None where it is not known of the pilot."""

    row: str
    """Strategy and budget; of the whole bill `in all`."""
    calls: Forecast | None
    tokens: Forecast | None
    nanodollars: Forecast | None


class Pilot(Struct, frozen=True, kw_only=True):
    """A comparison as its first problems foretell it."""

    problems: int
    """In the pilot."""
    whole: int
    rows: tuple[RowForecast, ...]
    """Attributed: each as if it ran alone."""
    bill: RowForecast
    """Billed: each request once, the pilot's own included."""
    seconds: tuple[float, float]
    """From start to end: as if nothing but the longest chains took time, and as if everything did."""


def pilot_of(
    attempts: Sequence[Attempt],
    *,
    problems: Sequence[Problem],
    whole: int,
    took: float,
    window: int,
) -> Pilot:
    """The forecast from the runs of a pilot.

    Args:
        attempts: of every row, on the same problems.
        problems: of the pilot; at least `LEAST`.
        whole: problems of the whole comparison.
        took: seconds from the pilot's start to its end.
        window: problems that are open at once.
    """
    labels = dict.fromkeys((one.strategy, one.budget) for one in attempts)
    kinds = {one.id: one.difficulty_bin for one in problems}
    rows = [
        _row(
            f"{label[0]} · {label[1]}",
            _of(attempts, label),
            (kinds, whole),
            lambda one: one.attributed,
        )
        for label in labels
    ]
    rounds = max(1.0, whole / max(1, min(window, whole)))
    return Pilot(
        problems=len(problems),
        whole=whole,
        rows=tuple(rows),
        bill=_row("in all", attempts, (kinds, whole), lambda one: one.billed),
        seconds=(took * rounds, took * max(1.0, whole / len(problems))),
    )


def estimate_and_bill(found: Pilot, billed: Usage) -> str:
    """One line: what was foretold, and what was really billed."""
    parts = [f"from {found.problems} of {found.whole} problems"]
    if found.bill.tokens is not None:
        parts.append(f"{spelled(found.bill.tokens)} tokens, {billed.tokens:,} billed")
    if found.bill.nanodollars is not None and billed.dollars is not None:
        told = in_dollars(found.bill.nanodollars)
        parts.append(f"{told}, {money(billed.dollars)} billed")
    return "; ".join(parts)


def spelled(found: Forecast) -> str:
    return _with_bounds(*map(short, (found.low, found.middle, found.high)))


def in_dollars(found: Forecast) -> str:
    return _with_bounds(*(money(x / NANO) for x in (found.low, found.middle, found.high)))


def _with_bounds(low: str, middle: str, high: str) -> str:
    """Where all problems of a pilot took the same there are no bounds: nothing was seen to vary."""
    return middle if low == high else f"{middle} [{low} to {high}]"


def forecast(sums: Sequence[float], whole: int, kinds: Sequence[object] = ()) -> Forecast:
    """The sum over `whole` problems, of which these are a fair sample and part.

    The rest is the mean of the sample, give or take Student's t on what of it is not seen yet; on a
    logarithmic scale, since costs are positive. Few draws of a skewed cost mostly miss its large ones
    and find too small a spread, so the upper bound is moved up by the sample's skewness (Johnson 1978,
    Modified t tests). `kinds`: of each problem, where they are in the sample in proportion (as
    difficulty bins are): what differs between them is no chance. How often it holds:
    `tests/eval/test_pilot.py`; a cost that one problem in ten has cannot be told from twenty.
    """
    n, left = len(sums), max(0, whole - len(sums))
    total = sum(sums) + left * fmean(sums)
    if left == 0 or total <= 0:
        return Forecast(total, total, total)
    deviation, skewness, freedom = _spread(sums, kinds or [None] * n)
    t = student((1 + SURE) / 2, freedom)
    share = t * deviation * sqrt(left * (1 + left / n)) / total
    missed = max(0.0, skewness) * (1 + 2 * t * t) / (6 * n) * left * deviation / total
    return Forecast(total * exp(-share), total, total * exp(share + missed))


def _spread(sums: Sequence[float], kinds: Sequence[object]) -> tuple[float, float, int]:
    """Standard deviation and skewness inside of the kinds, and the degrees of freedom."""
    members: dict[object, list[float]] = {}
    for kind, value in zip(kinds, sums, strict=True):
        members.setdefault(kind, []).append(value)
    if len(sums) - len(members) < LEAST - 1:
        members = {None: list(sums)}
    freedom = len(sums) - len(members)
    apart = [value - fmean(own) for own in members.values() for value in own]
    deviation = sqrt(sum(gap**2 for gap in apart) / freedom)
    if deviation == 0 or len(sums) < LEAST:
        return deviation, 0.0, freedom
    return deviation, skewness(apart), freedom


def skewness(apart: Sequence[float]) -> float:
    """The third standardised moment of differences from a mean, for small samples (G1 of Joanes and
    Gill 1998, Comparing measures of sample skewness and kurtosis)."""
    n = len(apart)
    second, third = (fmean(gap**power for gap in apart) for power in (2, 3))
    return sqrt(n * (n - 1)) / (n - 2) * third / (second * sqrt(second))


def student(p: float, freedom: int) -> float:
    """The quantile of Student's t, by its expansion in 1/freedom (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(p)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _of(attempts: Iterable[Attempt], label: tuple[str, str]) -> list[Attempt]:
    return [one for one in attempts if (one.strategy, one.budget) == label]


Known = tuple[Mapping[str, int | None], int]
"""The difficulty bins of the pilot's problems, and how many problems the whole has."""


def _row(
    name: str, attempts: Sequence[Attempt], known: Known, usage: Callable[[Attempt], Usage]
) -> RowForecast:
    kinds, whole = known

    def told(amount: Amount) -> Forecast | None:
        sums: dict[str, float] = {}
        for one in attempts:
            found = amount(usage(one))
            if found is None:
                return None
            sums[one.problem_id] = sums.get(one.problem_id, 0.0) + found
        if len(sums) < LEAST:
            return None
        return forecast(list(sums.values()), whole, [kinds[name] for name in sums])

    return RowForecast(
        row=name,
        calls=told(lambda one: one.calls),
        tokens=told(lambda one: one.tokens),
        nanodollars=told(lambda one: one.nanodollars),
    )
