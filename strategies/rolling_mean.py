"""The mean of the last values of a sequence that grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf


class RollingMean:
    """Means over a sliding window, one value at a time."""

    def __init__(self, window: int) -> None:
        self._values: deque[float] = deque(maxlen=window)
        self._window, self._sum = window, 0.0
        self.lowest = inf
        """The least mean of a full window so far."""

    @property
    def full(self) -> bool:
        """Whether a whole window was seen."""
        return len(self._values) == self._window

    def add(self, values: Iterable[float]) -> None:
        for value in values:
            self._sum += value - (self._values[0] if self.full else 0.0)
            self._values.append(value)
            if self.full:
                self.lowest = min(self.lowest, self._sum / self._window)
