"""AB-MCTS-A: a tree of answers that decides by itself whether to go wider or deeper."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol, Self

import numpy as np

from tts.graph import Node
from tts.run import Run
from tts.strategies.arm import Belief
from tts.strategies.at_least import at_least
from tts.strategies.branch import Branch
from tts.strategies.model_arms import ModelArms
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, Judged, chosen, judged
from tts.values import Candidate, Message, Problem, Scored

IMPROVE = (
    "A checker rates this solution {score:.2f} of 1. Find what is wrong or weak in it and write "
    "an improved solution, complete and in the same form."
)


class Growing(Protocol):
    """A node of the tree."""

    @property
    def scored(self) -> Scored | None: ...

    def choose(self, rng: np.random.Generator) -> Self:
        """Where the next answer is drawn."""
        ...

    def grow(self, scored: Scored) -> None:
        """Add an answer that was drawn here."""
        ...


class Choosing(Protocol):
    """What the models' answers were worth."""

    def choose(self, rng: np.random.Generator) -> str:
        """The model that draws next."""
        ...

    def reward(self, model: str, value: float) -> None:
        """An answer of a model has this score."""
        ...


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
        root, arms = self.fresh()
        flying: deque[tuple[Growing, str, Node[Judged]]] = deque()
        drawn: list[Judged] = []
        for turn in range(self.n + self.parallel):
            if turn >= self.parallel and flying:
                drawn += await self._land(*flying.popleft(), arms, run)
            if turn < self.n:
                node = root.choose(run.rng)
                model = arms.choose(run.rng)
                flying.append((node, model, self._draw(node, model, run)))
        answer: Candidate | None = await run.call(self.select, drawn, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

    def fresh(self) -> tuple[Growing, Choosing]:
        """An empty tree, and what is known of the models before the first answer."""
        return Branch(self.belief), ModelArms(self.models, self.belief)

    def _draw(self, node: Growing, model: str, run: Run) -> Node[Judged]:
        source = improvement(run, node.scored) if node.scored else run.problem
        [draft] = run.sample(source, model=model)
        return run.call(judged, draft, run.score(draft))

    async def _land(
        self, node: Growing, model: str, answer: Node[Judged], arms: Choosing, run: Run
    ) -> Sequence[Judged]:
        """Add an answer where it was drawn; one without a verdict teaches nothing."""
        found = await run.all([answer])
        for one in found:
            if isinstance(one, Scored):
                node.grow(one)
                arms.reward(model, one.score.value)
        return found


def improvement(run: Run, scored: Scored) -> tuple[Message, ...]:
    """The problem, an answer to it, and the wish for a better one."""
    return (
        *run.task.render(run.problem),
        Message("assistant", scored.candidate.text),
        Message("user", IMPROVE.format(score=scored.score.value)),
    )
