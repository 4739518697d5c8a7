"""Lookahead search: beam search whose candidates are judged by where they lead."""

from __future__ import annotations

from typing import Any

from tts.strategies.at_least import at_least
from tts.strategies.parts.select import Choice
from tts.strategies.search.beam_search import BeamSearch, Quota


class LookaheadSearch(BeamSearch):
    """Beam search whose children are scored by where they lead (Snell et al. 2024, section 5.2).

    Each child is continued greedily by `lookahead` steps, and the score of the text that these
    lead to is the child's. The search goes on from the child itself.
    """

    name = "lookahead_search"

    def __init__(
        self,
        *,
        n: int = 16,
        branching: int = 4,
        rounds: int = 40,
        lookahead: int = 1,
        quota: Quota = "keep",
        select: Choice = "weighted",
    ) -> None:
        """`lookahead`: greedy steps behind each child; the others are BeamSearch's."""
        super().__init__(n=n, branching=branching, rounds=rounds, quota=quota, select=select)
        at_least(1, lookahead=lookahead)
        self.lookahead = lookahead

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "lookahead": self.lookahead}
