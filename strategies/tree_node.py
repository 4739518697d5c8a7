"""A node of a search tree with its statistics."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from weakref import ref

from tts.values import Scored


class TreeNode:
    """One step: how often it was tried, what that brought, and what is under way below it."""

    __slots__ = (
        "__weakref__",
        "_parent",
        "children",
        "closed",
        "flying",
        "prior",
        "scored",
        "total",
        "visits",
    )

    def __init__(
        self, scored: Scored | None = None, *, prior: float = 1.0, parent: TreeNode | None = None
    ) -> None:
        self.scored, self.prior = scored, prior
        # Whoever searches holds the root; a strong way up would make every tree a circle.
        self._parent = None if parent is None else ref(parent)
        self.children: list[TreeNode] = []
        self.visits, self.flying = 0, 0
        self.total = 0.0
        """Sum of what simulations through this node brought."""
        self.closed = False
        """Nothing more can be drawn below."""

    @property
    def parent(self) -> TreeNode | None:
        return None if self._parent is None else self._parent()

    @property
    def terminal(self) -> bool:
        return self.scored is not None and self.scored.candidate.final

    @property
    def busy(self) -> bool:
        """Under expansion."""
        return not self.children and not self.terminal and self.flying > 0

    @property
    def depth(self) -> int:
        """Steps taken so far; 0 at the root."""
        return sum(1 for _ in self.path()) - 1

    def path(self) -> Iterator[TreeNode]:
        """This node and its ancestors up to the root."""
        node: TreeNode | None = self
        while node is not None:
            yield node
            node = node.parent

    def urge(self, exploration: float) -> float:
        """PUCT: mean value and, the less tried, a bonus in proportion to the prior.

        A simulation under way counts as a visit that brought nothing (virtual loss), so that
        parallel ones spread. An untried node is worth its verifier's score.
        """
        tried = self.visits + self.flying
        mean = self.total / tried if tried else (self.scored.score.value if self.scored else 0.0)
        parent = self.parent
        above = parent.visits + parent.flying if parent else 0
        return mean + exploration * self.prior * sqrt(above) / (1 + tried)

    def leaf(self, exploration: float) -> TreeNode | None:
        """Where the next simulation starts: down the strongest urges; None where all is closed."""
        if self.closed:
            return None
        node = self
        while node.children:
            ways = (child for child in node.children if not child.closed)
            node = max(ways, key=lambda child: child.urge(exploration))
        return node

    def fly(self, by: int = 1) -> None:
        """A simulation from here is under way, or with -1 no longer."""
        for node in self.path():
            node.flying += by

    def back_up(self, value: float) -> None:
        """Credit a value to this node and to every ancestor."""
        for node in self.path():
            node.visits += 1
            node.total += value

    def close(self) -> None:
        """Nothing came of this node: it and ancestors without another way are not tried again."""
        self.closed = True
        parent = self.parent
        if parent is not None and all(child.closed for child in parent.children):
            parent.close()
