"""AB-MCTS-M: adaptive branching by a mixed model of the scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts.strategies.mixed_branch import MixedBranch
from tts.strategies.model_arms import MixedArms
from tts.strategies.parts.select import Choice
from tts.strategies.search.ab_mcts import ABMCTSA


class ABMCTSM(ABMCTSA):
    """Adaptive branching tree search with mixed models (Inoue et al. 2025, AB-MCTS-M).

    At a node each child with all below it is a group of a Bayesian mixed model, and a new child a
    group without scores: the next score of each is drawn from the posterior predictive, and the
    greatest says whether to go wider or where to go deeper. Subtrees whose scores are nearly all
    the same are left alone. Models are chosen likewise, as groups over the whole tree.

    The authors sample the posterior by MCMC, which takes seconds per answer. Here the two
    deviations stand on a grid and all else is drawn exactly, in about a millisecond.
    """

    name = "ab_mcts_m"

    def __init__(
        self,
        *,
        n: int = 16,
        models: str | Sequence[str] = "default",
        parallel: int = 4,
        select: Choice = "best",
    ) -> None:
        """The parameters are ABMCTSA's."""
        super().__init__(n=n, models=models, parallel=parallel, select=select)

    @property
    def parameters(self) -> dict[str, Any]:
        return {name: value for name, value in super().parameters.items() if name != "belief"}

    def fresh(self) -> tuple[MixedBranch, MixedArms]:
        return MixedBranch(), MixedArms(self.models)
