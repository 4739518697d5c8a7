"""A node of AB-MCTS-A: an answer, its refinements, and whether to add one or go deeper."""

from __future__ import annotations

import numpy as np

from tts.strategies.arm import Arm, Belief
from tts.values import Scored


class Branch:
    """An answer with three kinds of arm: a new child, an old child, and one per old child."""

    __slots__ = ("arm", "belief", "children", "deeper", "parent", "scored", "wider")

    def __init__(
        self, belief: Belief, *, scored: Scored | None = None, parent: Branch | None = None
    ) -> None:
        self.belief: Belief = belief
        self.scored, self.parent = scored, parent
        self.children: list[Branch] = []
        self.wider, self.deeper = Arm(belief), Arm(belief)
        self.arm = Arm(belief)
        """What going into this node brought."""

    def choose(self, rng: np.random.Generator) -> Branch:
        """Where the next answer is drawn: down the children until a draw favours a new one."""
        node = self
        while node.children and node.deeper.draw(rng) > node.wider.draw(rng):
            draws = [child.arm.draw(rng) for child in node.children]
            node = node.children[draws.index(max(draws))]
        return node

    def grow(self, scored: Scored) -> None:
        """Add an answer. Its score counts for going wider here, for itself, and for going deeper
        in every ancestor; not for going deeper here."""
        value = scored.score.value
        child = Branch(self.belief, scored=scored, parent=self)
        child.arm.reward(value)
        self.children.append(child)
        self.wider.reward(value)
        node = self
        while node.parent is not None:
            node.arm.reward(value)
            node.parent.deeper.reward(value)
            node = node.parent
