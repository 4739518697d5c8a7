"""From amounts to places on an axis."""

from __future__ import annotations

from math import ceil, floor, log10

from msgspec import Struct


class Scale(Struct, frozen=True, kw_only=True):
    """Maps low…high onto start…end, linearly or by logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (_log(x) if self.log else x for x in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the range."""
        if not self.log:
            return _linear(self.low, self.high, about)
        return _logarithmic(self.low, self.high, about)


def _log(value: float) -> float:
    return log10(max(value, 1e-12))


def _linear(low: float, high: float, about: int) -> list[float]:
    if high <= low:
        return [low]
    rough = (high - low) / max(about, 1)
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def _logarithmic(low: float, high: float, about: int) -> list[float]:
    decades = range(floor(_log(low)), ceil(_log(high)) + 1)
    ticks: list[float] = []
    for factors in ((1,), (1, 3), (1, 2, 5)):
        every = [factor * 10.0**decade for decade in decades for factor in factors]
        ticks = [tick for tick in every if low * 0.999 <= tick <= high * 1.001]
        if len(ticks) >= about - 1:
            return ticks
    return ticks if len(ticks) > 1 else _linear(low, high, about)
