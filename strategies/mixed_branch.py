"""A node of AB-MCTS-M: an answer, its refinements, and the scores of all that grew out of it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tts.strategies.search.posteriors import MixedModel
from tts.values import Scored

SETTLED, ALIKE = 4, 0.75
"""A subtree of so many answers, of which this share have the same score, is left alone."""


class MixedBranch:
    """An answer whose children's subtrees are the groups of a mixed model."""

    __slots__ = ("children", "parent", "scored", "scores")

    def __init__(self, *, scored: Scored | None = None, parent: MixedBranch | None = None) -> None:
        self.scored, self.parent = scored, parent
        self.children: list[MixedBranch] = []
        self.scores: list[float] = []
        """Of this answer and all below it."""

    @property
    def settled(self) -> bool:
        """Whether more of this subtree would bring more of the same."""
        alike = Counter(round(score, 2) for score in self.scores).most_common(1)
        return len(self.scores) >= SETTLED and alike[0][1] >= ALIKE * len(self.scores)

    def choose(self, rng: np.random.Generator) -> MixedBranch:
        """Where the next answer is drawn: down the children until a new one promises more."""
        node = self
        while node.children:
            drawn, new = MixedModel([child.scores for child in node.children]).draw(rng)
            open_ones = [
                (score, place)
                for place, (child, score) in enumerate(zip(node.children, drawn, strict=True))
                if not child.settled
            ]
            best, place = max(open_ones, default=(new, -1))
            if place < 0 or new >= best:
                return node
            node = node.children[place]
        return node

    def grow(self, scored: Scored) -> None:
        """Add an answer; its score counts in every subtree that it belongs to."""
        child = MixedBranch(scored=scored, parent=self)
        self.children.append(child)
        node: MixedBranch | None = child
        while node is not None:
            node.scores.append(scored.score.value)
            node = node.parent
