"""Monte Carlo tree search over steps."""

from __future__ import annotations

from collections import deque
from typing import Any

from tts.graph import Node
from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.expand import until_at
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen
from tts.strategies.parts.width import affordable, normalised
from tts.strategies.simulation import Simulation, simulate
from tts.strategies.tree_node import TreeNode
from tts.values import Candidate, Problem, Scored


class MCTS:
    """PUCT (Rosin 2011; Silver et al. 2017) with a verifier's scores as priors and values.

    A simulation goes down to a leaf, draws its children, rolls the best of them out to the end
    and credits the end's score to the whole path. A finished leaf is credited again, and nothing
    is drawn for it. Simulations land in the order in which they started, so the tree is the same
    whatever their latencies. Leaves have no more children than the budget would take to the end.
    """

    name = "mcts"
    stepwise = True

    def __init__(
        self,
        *,
        n: int = 16,
        branching: int = 4,
        rounds: int = 40,
        exploration: float = 1.25,
        parallel: int = 4,
        select: Choice = "weighted",
    ) -> None:
        """Describe the search.

        Args:
            n: simulations; each draws `branching` steps and one rollout at most.
            branching: children per expanded leaf.
            rounds: greatest depth; children at the last one run to the end.
            exploration: c of PUCT.
            parallel: simulations under way at once, held apart by virtual losses.
            select: how the answer is chosen among the finished.
        """
        at_least(1, n=n, branching=branching, rounds=rounds, parallel=parallel)
        if exploration < 0:
            raise ValueError(f"exploration is at least 0, not {exploration}.")
        self.n, self.branching, self.rounds = n, branching, rounds
        self.exploration, self.parallel = exploration, parallel
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "branching": self.branching,
            "rounds": self.rounds,
            "exploration": self.exploration,
            "parallel": self.parallel,
            "select": self.choice,
        }

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        root, done = TreeNode(), list[Scored]()
        branching = affordable(run, self.branching)
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
        answer: Candidate | None = await run.call(self.select, done, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

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
