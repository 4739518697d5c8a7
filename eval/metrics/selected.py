"""What selection got of what was drawn: a random draw, the answer chosen, the best draw there was."""

from __future__ import annotations

from msgspec import Struct

from tts.eval.statistics import Estimate


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
