"""AB-MCTS-A: a tree of answers that decides by itself whether to go wider or deeper."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from tts.graph import Node
from tts.run import Run
from tts.strategies.arm import Arm, Belief
from tts.strategies.at_least import at_least
from tts.strategies.branch import Branch
from tts.strategies.choice import Choice, chosen
from tts.strategies.finishing import finish
from tts.values import Candidate, Message, Problem, Scored

IMPROVE = (
    "A checker rates this solution {score:.2f} of 1. Find what is wrong or weak in it and write "
    "an improved solution, complete and in the same form."
)


class ABMCTSA:
    """Adaptive branching tree search with node aggregation (Inoue et al. 2025, AB-MCTS-A).

    Thompson sampling chooses at every node between a new answer (wider) and the refinement of an
    old one (deeper), and among several models by what their answers were worth so far.
    """

    name = "ab_mcts_a"

    def __init__(
        self,
        *,
        n: int = 16,
        models: str | Sequence[str] = "default",
        belief: Belief = "gaussian",
        parallel: int = 4,
        select: Choice = "best",
    ) -> None:
        """Describe the search.

        Args:
            n: answers drawn in all.
            models: names of the engine's generators, as a list or joined by `+`.
            belief: the arms' posterior, `gaussian` or `beta`.
            parallel: answers under way at once; they are added in the order in which they began.
            select: how the answer is chosen among all.
        """
        at_least(1, n=n, parallel=parallel)
        if belief not in ("gaussian", "beta"):
            raise ValueError(f"belief is gaussian or beta, not {belief!r}.")
        self.models = tuple(models.split("+")) if isinstance(models, str) else tuple(models)
        if not all(self.models):
            raise ValueError(f"models names no generator: {models!r}.")
        self.n, self.parallel = n, parallel
        self.belief: Belief = belief
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "models": "+".join(self.models),
            "belief": self.belief,
            "parallel": self.parallel,
            "select": self.choice,
        }

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        root = Branch(self.belief)
        worth = {model: Arm(self.belief) for model in self.models}
        flying: deque[tuple[Branch, Arm, Node[Scored]]] = deque()
        drawn: list[Scored] = []
        for turn in range(self.n + self.parallel):
            if turn >= self.parallel and flying:
                drawn += await self._land(*flying.popleft(), run)
            if turn < self.n:
                node = root.choose(run.rng)
                draws = {model: arm.draw(run.rng) for model, arm in worth.items()}
                model = max(draws, key=lambda name: draws[name])
                flying.append((node, worth[model], self._draw(node, model, run)))
        answer: Candidate | None = await run.call(self.select, drawn, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

    def _draw(self, node: Branch, model: str, run: Run) -> Node[Scored]:
        source = improvement(run, node.scored) if node.scored else run.problem
        [draft] = run.sample(source, model=model)
        return run.call(Scored, draft, run.score(draft))

    async def _land(
        self, node: Branch, model: Arm, answer: Node[Scored], run: Run
    ) -> Sequence[Scored]:
        """Add an answer where it was drawn; one whose call failed teaches nothing."""
        found = await run.all([answer])
        for scored in found:
            node.grow(scored)
            model.reward(scored.score.value)
        return found


def improvement(run: Run, scored: Scored) -> tuple[Message, ...]:
    """The problem, an answer to it, and the wish for a better one."""
    return (
        *run.task.render(run.problem),
        Message("assistant", scored.candidate.text),
        Message("user", IMPROVE.format(score=scored.score.value)),
    )
