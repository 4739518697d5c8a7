"""How fast a figure that is looked at again and again rises or falls, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, median

from msgspec import Struct

from tts.eval.pilot import SURE, student

PARTS = 12
"""Of the time, each of which gives one value: enough for a spread, and long enough to be independent."""
HOUR = 3600.0
Look = tuple[float, float]
"""Seconds since the start, value."""


class Drift(Struct, frozen=True):
    """Percent of its mean by which a figure changes in an hour, between bounds that hold in nine of
    ten cases."""

    value: float
    low: float
    high: float


def drift(looks: Sequence[Look]) -> Drift:
    """The slope by least squares over the medians of `PARTS` equal parts of the time.

    Single looks are not independent (a collection, another process or a burst of requests moves
    many of them together), medians of long parts nearly are; the bounds are Student's t of what
    they leave, with two degrees of freedom fewer than there are parts. ValueError for looks that
    do not fill every part.
    """
    first, last = looks[0][0], looks[-1][0]
    long = (last - first) / PARTS
    middles = [first + (part + 0.5) * long for part in range(PARTS)]
    heights = [median(_within(looks, middle, long / 2)) for middle in middles]
    at, level = fmean(middles), fmean(heights)
    width = sum((middle - at) ** 2 for middle in middles)
    pairs = list(zip(middles, heights, strict=True))
    slope = sum((middle - at) * (height - level) for middle, height in pairs) / width
    left = sum((height - level - slope * (middle - at)) ** 2 for middle, height in pairs)
    error = student((1 + SURE) / 2, PARTS - 2) * sqrt(left / (PARTS - 2) / width)
    share = 100 * HOUR / level
    return Drift(slope * share, (slope - error) * share, (slope + error) * share)


def _within(looks: Sequence[Look], middle: float, half: float) -> list[float]:
    found = [value for at, value in looks if abs(at - middle) <= half]
    if not found:
        raise ValueError(f"No look within {half:g} s of {middle:g} s.")
    return found
