"""AB-MCTS: a tree of answers that decides by itself whether to go wider or deeper."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, Protocol, Self

import numpy as np

from tts.run import Node, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Choice, Judged, Select, chosen, with_verdict
from tts.strategies.search.posteriors import Belief, MixedModel, ThompsonArm
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


class AdaptiveBranching(StrategyBase):
    """What both kinds of adaptive branching tree search do."""

    n: int = 16
    """Answers drawn in all."""
    models: str | Sequence[str] = "default"
    """Names of the engine's generators, as a list or joined by `+`."""
    parallel: int = 4
    """Answers under way at once; they are added in the order in which they began."""
    select: Choice = "best"
    """How the answer is chosen among all."""

    @property
    def names(self) -> tuple[str, ...]:
        """The models, one by one."""
        models = self.models
        return tuple(models.split("+") if isinstance(models, str) else models)

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "models": "+".join(self.names)}

    def check(self) -> None:
        at_least(1, n=self.n, parallel=self.parallel)
        if not all(self.names):
            raise ValueError(f"models names no generator: {self.models!r}.")

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
        answer: Candidate | None = await run.call(self.selection(), drawn, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)

    def fresh(self) -> tuple[Growing, Choosing]:
        """An empty tree, and what is known of the models before the first answer."""
        raise NotImplementedError

    def _draw(self, node: Growing, model: str, run: Run) -> Node[Judged]:
        source = improvement(run, node.scored) if node.scored else run.problem
        [draft] = run.sample(source, model=model)
        return with_verdict(run, draft, scored=True)

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


class ABMCTSA(AdaptiveBranching):
    """Adaptive branching tree search with node aggregation (Inoue et al. 2025, AB-MCTS-A).

    Thompson sampling chooses at every node between a new answer (wider) and the refinement of an
    old one (deeper), and among several models by what their answers were worth so far.
    """

    name = "ab_mcts_a"

    belief: Belief = "gaussian"
    """The arms' posterior, `gaussian` or `beta`."""

    def check(self) -> None:
        super().check()
        if self.belief not in ("gaussian", "beta"):
            raise ValueError(f"belief is gaussian or beta, not {self.belief!r}.")

    def fresh(self) -> tuple[ABMCTSNode, ModelArms]:
        return ABMCTSNode(self.belief), ModelArms(self.names, self.belief)


class ABMCTSM(AdaptiveBranching):
    """Adaptive branching tree search with mixed models (Inoue et al. 2025, AB-MCTS-M).

    At a node each child with all below it is a group of a Bayesian mixed model, and a new child a
    group without scores: the next score of each is drawn from the posterior predictive, and the
    greatest says whether to go wider or where to go deeper. Subtrees whose scores are nearly all
    the same are left alone. Models are chosen likewise, as groups over the whole tree.

    The authors sample the posterior by MCMC, which takes seconds per answer. Here the two
    deviations stand on a grid and all else is drawn exactly, in about a millisecond.
    """

    name = "ab_mcts_m"

    def fresh(self) -> tuple[MixedNode, MixedArms]:
        return MixedNode(), MixedArms(self.names)


class ABMCTSNode:
    """An answer with three kinds of arm: a new child, an old child, and one per old child."""

    __slots__ = ("arm", "belief", "children", "deeper", "parent", "scored", "wider")

    def __init__(
        self, belief: Belief, *, scored: Scored | None = None, parent: ABMCTSNode | None = None
    ) -> None:
        self.belief: Belief = belief
        self.scored, self.parent = scored, parent
        self.children: list[ABMCTSNode] = []
        self.wider, self.deeper = ThompsonArm(belief), ThompsonArm(belief)
        self.arm = ThompsonArm(belief)
        """What going into this node brought."""

    def choose(self, rng: np.random.Generator) -> ABMCTSNode:
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
        child = ABMCTSNode(self.belief, scored=scored, parent=self)
        child.arm.reward(value)
        self.children.append(child)
        self.wider.reward(value)
        node = self
        while node.parent is not None:
            node.arm.reward(value)
            node.parent.deeper.reward(value)
            node = node.parent


SETTLED, ALIKE = 4, 0.75
"""A subtree of so many answers, of which this share have the same score, is left alone."""


class MixedNode:
    """An answer whose children's subtrees are the groups of a mixed model."""

    __slots__ = ("children", "parent", "scored", "scores")

    def __init__(self, *, scored: Scored | None = None, parent: MixedNode | None = None) -> None:
        self.scored, self.parent = scored, parent
        self.children: list[MixedNode] = []
        self.scores: list[float] = []
        """Of this answer and all below it."""

    @property
    def settled(self) -> bool:
        """Whether more of this subtree would bring more of the same."""
        alike = Counter(round(score, 2) for score in self.scores).most_common(1)
        return len(self.scores) >= SETTLED and alike[0][1] >= ALIKE * len(self.scores)

    def choose(self, rng: np.random.Generator) -> MixedNode:
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
        child = MixedNode(scored=scored, parent=self)
        self.children.append(child)
        node: MixedNode | None = child
        while node is not None:
            node.scores.append(scored.score.value)
            node = node.parent


class ModelArms:
    """A bandit arm per model."""

    def __init__(self, models: Sequence[str], belief: Belief) -> None:
        self.arms = {model: ThompsonArm(belief) for model in models}

    def choose(self, rng: np.random.Generator) -> str:
        """The model of the greatest draw."""
        draws = {model: arm.draw(rng) for model, arm in self.arms.items()}
        return max(draws, key=lambda name: draws[name])

    def reward(self, model: str, value: float) -> None:
        self.arms[model].reward(value)


class MixedArms:
    """The models as groups of a mixed model; one that has drawn nothing is a new group."""

    def __init__(self, models: Sequence[str]) -> None:
        self.scores: dict[str, list[float]] = {model: [] for model in models}

    def choose(self, rng: np.random.Generator) -> str:
        """The model of the greatest draw; of several new ones any."""
        known = {model: scores for model, scores in self.scores.items() if scores}
        fresh = [model for model in self.scores if model not in known]
        if not known:
            return fresh[int(rng.integers(len(fresh)))]
        drawn, new = MixedModel(list(known.values())).draw(rng)
        best, model = max(zip(drawn, known, strict=True))
        return fresh[int(rng.integers(len(fresh)))] if fresh and new > best else model

    def reward(self, model: str, value: float) -> None:
        self.scores[model].append(value)
