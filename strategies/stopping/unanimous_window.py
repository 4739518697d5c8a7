"""Early-stopping self-consistency."""

from __future__ import annotations

from collections.abc import Sequence

from tts.strategies.stopping.seen import Seen


class UnanimousWindow:
    """Stop once one window of `size` draws agrees (Li et al. 2024); draws without a vote do not."""

    def __init__(self, size: int = 5) -> None:
        if size < 2:
            raise ValueError(f"size is at least 2, not {size}.")
        self.size = size

    def stops(self, seen: Seen) -> bool:
        starts = range(0, len(seen.classes) - self.size + 1, self.size)
        windows = (set(seen.classes[start : start + self.size]) for start in starts)
        return any(len(window) == 1 and None not in window for window in windows)


def expected_draws(shares: Sequence[float], *, size: int, n: int) -> float:
    """Draws that windows of `size` out of at most `n` will take (the paper's control scheme).

    `shares` are the answers' probabilities, as the first window shows them.
    """
    agree = sum(share**size for share in shares)
    windows = n // size
    stopped = sum((t + 1) * agree * (1 - agree) ** t for t in range(windows - 1))
    return size * (stopped + windows * (1 - agree) ** (windows - 1))
