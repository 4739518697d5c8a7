"""One figure of a benchmark and the bar that it has to hold."""

from __future__ import annotations

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """A measured figure, beside what a bare implementation took in the same run."""

    what: str
    value: float
    unit: str
    baseline: float | None = None
    """The same figure of the baseline, in the same unit."""
    ratio: float | None = None
    """`value / baseline`."""
    bar: str = ""
    """What has to hold, in words; empty where the figure is only reported."""
    holds: bool | None = None
    """None: there is no bar."""


def figure(what: str, value: float, unit: str, *, baseline: float | None = None) -> Row:
    """A figure that is reported without a bar."""
    return Row(what=what, value=value, unit=unit, baseline=baseline, ratio=ratio(value, baseline))


def at_most(
    what: str, value: float, unit: str, *, bar: float, baseline: float | None = None
) -> Row:
    """A figure that must not pass the bar."""
    return _barred(what, value, unit, baseline, f"≤ {bar:g} {unit}".rstrip(), value <= bar)


def at_least(
    what: str, value: float, unit: str, *, bar: float, baseline: float | None = None
) -> Row:
    """A figure that must reach the bar."""
    return _barred(what, value, unit, baseline, f"≥ {bar:g} {unit}".rstrip(), value >= bar)


def within(what: str, value: float, unit: str, *, baseline: float, times: float) -> Row:
    """A figure that must not pass a multiple of its baseline."""
    held = value <= times * baseline
    return _barred(what, value, unit, baseline, f"≤ {times:g} × baseline", held)


def exactly(what: str, value: float, unit: str, *, bar: float) -> Row:
    """A figure that must be met, not approached."""
    return _barred(what, value, unit, None, f"= {bar:g} {unit}".rstrip(), value == bar)


def ratio(value: float, baseline: float | None) -> float | None:
    """How many times the baseline; None where there is none."""
    return value / baseline if baseline else None


def _barred(
    what: str, value: float, unit: str, baseline: float | None, bar: str, holds: bool
) -> Row:
    return Row(
        what=what,
        value=value,
        unit=unit,
        baseline=baseline,
        ratio=ratio(value, baseline),
        bar=bar,
        holds=holds,
    )
