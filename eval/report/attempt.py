"""One run as a comparison records it."""

from __future__ import annotations

from msgspec import Struct, field

from tts.eval.grader import Grade
from tts.protocols import Role
from tts.values import OPEN, StoppedBy, Usage


class Attempt(Struct, frozen=True, kw_only=True):
    """One strategy on one problem under one budget: how it ended, its grade, what it spent."""

    strategy: str
    """Label of name and parameters; equal labels are one line of a figure."""
    budget: str
    """Label of the ceilings, for example `4096 tokens`."""
    problem_id: str
    grade: Grade
    answer: str | None
    attributed: Usage
    """What the run would have cost alone."""
    billed: Usage
    """What was really spent for it."""
    stopped_by: StoppedBy
    error: str | None = None
    """Why there is no grade, where a failure or an outage is to blame."""
    missing: dict[str, int] = field(default_factory=dict)
    """How many draws and verdicts never came, by reason."""
    no_answer: str = ""
    """Why a run that ended in order has no answer; empty where it has one, or did not."""
    spend: dict[Role, Usage] = field(default_factory=dict)
    """`attributed` by what the calls were for; empty where it was not recorded."""
    seconds: float | None = None
    replicate: int = 0
    counted: bool = True
    """False: it ended ahead of its turn in a part, where what is quick ends first; it stays in
    the cost and is left out of the accuracy."""

    @property
    def ended(self) -> bool:
        """False: it is open, and the same command goes on with it."""
        return self.stopped_by not in OPEN
