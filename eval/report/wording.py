"""Figures as a reader wants them; what is not known is called unknown."""

from __future__ import annotations

from tts.eval.statistics import FEWEST, Estimate

UNKNOWN = "unknown"
TOO_FEW = "too few to say"


def percent(share: float) -> str:
    """A share as a percentage with one decimal, without its sign."""
    return f"{share * 100:.1f}"


def interval(estimate: Estimate) -> str:
    """The bounds in per cent."""
    return f"{percent(estimate.low)}–{percent(estimate.high)}"


def sure(estimate: Estimate, n: int) -> str:
    """The bounds in per cent, where n problems are enough to say how sure a share is."""
    return interval(estimate) if n >= FEWEST else TOO_FEW


def gap(share: float) -> str:
    """A difference in percentage points, with its sign."""
    return f"{share * 100:+.1f}".replace("-", "−")


def gap_interval(estimate: Estimate) -> str:
    """The bounds of a difference in percentage points."""
    return f"{estimate.low * 100:+.1f} to {estimate.high * 100:+.1f}".replace("-", "−")


def chance(p: float) -> str:
    """A p-value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(value: float) -> str:
    """A count with thousands apart."""
    return f"{value:,.0f}"


def hundredths(value: float) -> str:
    """A ratio or seconds, to two places."""
    return f"{value:.2f}"


def short(value: float) -> str:
    """A count for an axis: 1500 is 1.5k."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"


def money(dollars: float) -> str:
    """Dollars to three significant digits, or to the cent from ten up."""
    if dollars == 0:
        return "$0"
    if dollars >= 10:
        return f"${dollars:,.2f}"
    places = max(2, 2 - _exponent(dollars))
    return f"${dollars:.{places}f}"


def short_money(dollars: float) -> str:
    """Dollars for an axis: no zeros at the end."""
    text = money(dollars)
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float) -> str:
    """Seconds, from two minutes up minutes, from two hours up hours."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])
