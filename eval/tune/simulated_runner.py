"""A landscape that is known, for tests and for looking at a report without vLLM."""

from __future__ import annotations

import math
from hashlib import blake2b

from tts.eval.tune.trial import Failed, Measured, Outcome, Point


class SimulatedRunner:
    """Throughput with one peak, a region that runs out of memory, and ruggedness between.

    Wider steps help until the device is full, and slow down beyond it; what is wider than
    `memory` (requests times tokens of a step) fails as a killed process does. `rugged`: how far,
    as a share, neighbouring settings differ for no visible reason.
    """

    def __init__(self, *, peak: int = 128, memory: int = 1 << 21, rugged: float = 0.15) -> None:
        self._peak, self._memory, self._rugged = peak, memory, rugged
        self.points: list[dict[str, int | str]] = []
        """What was measured, in order."""

    def run(self, point: Point) -> Outcome:
        self.points.append(dict(point))
        width, tokens = int(point["max_num_seqs"]), int(point["max_num_batched_tokens"])
        if width * tokens > self._memory:
            return Failed(reason="the process was ended by signal 9")
        rate = self.rate(point)
        return Measured(rates=(rate * 0.99, rate, rate * 1.01))

    def rate(self, point: Point) -> float:
        """The true throughput of a setting that fits."""
        width = int(point["max_num_seqs"])
        filled = min(width, self._peak) / max(width, self._peak)
        digest = blake2b(repr(sorted(point.items())).encode(), digest_size=2).digest()
        noise = int.from_bytes(digest) / 0xFFFF
        return 10_000.0 * math.sqrt(filled) * (1.0 - self._rugged * noise)
