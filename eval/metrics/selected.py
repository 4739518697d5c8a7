"""What selection got of what was drawn: a random draw, the answer chosen, the best draw there was; and
how well the verifier's scores rank right draws before wrong ones."""

from __future__ import annotations

from msgspec import Struct

from tts.eval.statistics import Estimate


class Ranking(Struct, frozen=True, kw_only=True):
    """NDCG@10 of the draws by their scores, over the problems with a right one, as FRANC (Siddiq et
    al. 2024) measures its rank; a right draw gains 1."""

    problems: int
    ranked: Estimate
    unranked: Estimate
    """Of the same draws in any order."""
    gain: Estimate
    """The one less the other, paired by problem."""


class Selected(Struct, frozen=True, kw_only=True):
    """One strategy under one budget, over problems; repeats are averaged before."""

    strategy: str
    budget: str
    problems: int
    random: Estimate
    """Any whole draw of a run."""
    selected: Estimate
    """The answer of the run."""
    oracle: Estimate
    """A right draw where the run has one."""
    recovered: Estimate | None
    """What selection gets of the room between random and oracle; None where there is none."""
    ranking: Ranking | None = None
    """None where no run has both scores and a right draw."""
