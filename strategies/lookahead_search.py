"""Lookahead search: beam search whose candidates are judged by where they lead."""

from __future__ import annotations

from typing import Any

from tts.strategies.at_least import at_least
from tts.strategies.beam_search import BeamSearch


class LookaheadSearch(BeamSearch):
    """Beam search in which each child is continued greedily by `lookahead` steps, and the score
    of the text that these lead to is the child's (Snell et al. 2024, section 5.2)."""

    name = "lookahead_search"

    def __init__(self, *, lookahead: int = 1, **search: Any) -> None:
        """`lookahead`: greedy steps behind each child. `search`: parameters of BeamSearch."""
        super().__init__(**search)
        at_least(1, lookahead=lookahead)
        self.lookahead = lookahead

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "lookahead": self.lookahead}
