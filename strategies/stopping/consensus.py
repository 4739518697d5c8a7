"""A majority large enough."""

from __future__ import annotations

from tts.strategies.stopping.seen import Seen


class Consensus:
    """Stop once this share of at least `least` votes agrees (Fu et al. 2025 use .95)."""

    def __init__(self, share: float = 0.95, *, least: int = 4) -> None:
        if not 0.5 < share <= 1:
            raise ValueError(f"share lies above 0.5 and at most at 1, not {share}.")
        if least < 1:
            raise ValueError(f"least is at least 1, not {least}.")
        self.share, self.least = share, least

    def stops(self, seen: Seen) -> bool:
        votes = sum(seen.counts)
        return votes >= self.least and seen.counts[0] >= self.share * votes
