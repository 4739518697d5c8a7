"""Monte Carlo tree search over steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import sqrt
from weakref import ref

from msgspec import Struct

from tts.errors import Dropped
from tts.run import Node, Outcome, Run, Until, picks
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.expand import (
    affordable_width,
    expand,
    normalised,
    successes,
    unfinished,
    until_at,
)
from tts.strategies.parts.select import Choice, Select, chosen, highest_scored
from tts.values import Candidate, Problem, Scored


class MCTS(StrategyBase):
    """PUCT (Rosin 2011; Silver et al. 2017) with a verifier's scores as priors and values.

    A simulation goes down to a leaf, draws its children, rolls the best of them out to the end
    and credits the end's score to the whole path. A finished leaf is credited again, and nothing
    is drawn for it. Simulations land in the order in which they started, so the tree is the same
    whatever their latencies. Leaves have no more children than the budget would take to the end.
    """

    name = "mcts"
    stepwise = True
    reads = False

    n: int = 16
    """Simulations; each draws `branching` steps and one rollout at most."""
    branching: int = 4
    """Children per expanded leaf."""
    rounds: int = 40
    """Greatest depth; children at the last one run to the end."""
    exploration: float = 1.25
    """c of PUCT."""
    parallel: int = 4
    """Simulations under way at once, held apart by virtual losses."""
    select: Choice = "weighted"
    """How the answer is chosen among the finished."""

    def check(self) -> None:
        at_least(1, n=self.n, branching=self.branching, rounds=self.rounds, parallel=self.parallel)
        if self.exploration < 0:
            raise ValueError(f"exploration is at least 0, not {self.exploration}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        root, done = TreeNode(), list[Scored]()
        branching = affordable_width(run, self.branching)
        narrow = branching < self.branching
        flying: deque[tuple[TreeNode, Node[Simulation]]] = deque()
        for _ in range(self.n):
            leaf = root.leaf(self.exploration)
            while flying and (leaf is None or leaf.busy or len(flying) == self.parallel):
                done += await self._land(*flying.popleft())
                leaf = root.leaf(self.exploration)
            if leaf is None:
                break
            if leaf.terminal and leaf.scored:
                leaf.back_up(leaf.scored.score.value)
            else:
                flying.append((leaf, self._start(leaf, branching, problem, run)))
        while flying:
            done += await self._land(*flying.popleft())
        if narrow and len(done) < self.n:
            return await self.finish(problem, run)
        answer: Candidate | None = await run.call(self.selection(), done, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)

    def _start(
        self, leaf: TreeNode, branching: int, problem: Problem, run: Run
    ) -> Node[Simulation]:
        leaf.fly()
        source = leaf.scored.candidate if leaf.scored else problem
        until = until_at(leaf.depth + 1, self.rounds)
        return simulate(run, source, branching=branching, until=until)

    async def _land(self, leaf: TreeNode, started: Node[Simulation]) -> list[Scored]:
        """Grow the tree by what a simulation brought; the finished solutions among it."""
        found = await started
        leaf.fly(-1)
        last = leaf.depth + 1 >= self.rounds
        texts = {one.candidate.text: one for one in reversed(found.children)}
        usable = [one for one in texts.values() if one.candidate.final or not last][::-1]
        priors = normalised([one.score.value for one in usable]) if usable else []
        leaf.children = [
            TreeNode(one, prior=prior, parent=leaf)
            for one, prior in zip(usable, priors, strict=True)
        ]
        best = max(leaf.children, key=lambda child: _score(child), default=None)
        if best is None:
            leaf.close()
        elif found.end is not None:
            best.back_up(found.end.score.value)
        brought = [*found.children, *([found.rollout] if found.rollout else [])]
        return [one for one in brought if one.candidate.final]


def _score(node: TreeNode) -> float:
    return node.scored.score.value if node.scored else 0.0


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


class Simulation(Struct, frozen=True):
    """What a simulation brought; both are empty where every call failed."""

    children: tuple[Scored, ...]
    rollout: Scored | None

    @property
    def end(self) -> Scored | None:
        """What is credited: the rollout, else the best child."""
        return self.rollout or next(iter(highest_scored(self.children, 1)), None)


def simulate(
    run: Run, source: Problem | Candidate, *, branching: int, until: Until
) -> Node[Simulation]:
    """Draw and score children; continue the best one to its end and score that."""
    children = expand(run, source, branching, until=until)
    best = run.call(best_child, children)
    [end] = run.sample(run.call(unfinished, best), until="end")
    rollout = run.call(Scored, end, run.score(end))
    return run.call(gathered, children, rollout)


@picks
def best_child(children: list[Outcome[Scored]]) -> Candidate:
    """The highest scored child; a refusal among them is passed on."""
    best = highest_scored(successes(children), 1)
    if not best:
        raise Dropped("No child was drawn.")
    return best[0].candidate


def gathered(children: list[Outcome[Scored]], rollout: Outcome[Scored]) -> Simulation:
    """Whatever succeeded; a refusal among them is passed on."""
    ended = successes([rollout])
    return Simulation(tuple(successes(children)), ended[0] if ended else None)
