"""One strategy under one budget, in figures."""

from __future__ import annotations

from msgspec import Struct, field

from tts.eval.statistics import FEWEST, Estimate, PairedDifference
from tts.protocols import Role
from tts.values import StoppedBy, Usage


class RoleSpend(Struct, frozen=True):
    """What the calls of one role spent, attributed."""

    role: Role
    usage: Usage


class BinAccuracy(Struct, frozen=True):
    """The accuracy on the problems of one difficulty bin, 1 easiest."""

    bin: int
    n: int
    accuracy: Estimate


class Row(Struct, frozen=True, kw_only=True):
    """One strategy under one budget; None stands for what is not known."""

    strategy: str
    budget: str
    n: int
    """Problems with at least one graded run."""
    runs: int
    """All runs, the failed ones included: what `attributed`, `billed`, `seconds` sum over."""
    accuracy: Estimate | None
    against: str | None = None
    """The baseline's row that `difference` is to; None: no baseline, or this is it."""
    difference: PairedDifference | None = None
    p_holm: float | None = None
    """The p-value of the difference, corrected for all differences of the report."""
    attributed: Usage
    billed: Usage
    seconds: float | None = None
    stopped_by: dict[StoppedBy, int]
    planned: int | None = None
    """Runs that the whole comparison holds in this row; None: not known."""
    early: int = 0
    """Runs of a part that ended ahead of their turn: in the cost, not in the accuracy."""
    reasons: dict[str, int] = field(default_factory=dict)
    """How many runs failed or are open, by reason."""
    no_answer: dict[str, int] = field(default_factory=dict)
    """How many runs ended in order and without an answer, by reason."""
    missing: dict[str, int] = field(default_factory=dict)
    """How many draws and verdicts never came for a reason that stays, by reason."""
    ungraded: int = 0
    """Runs that failed or were suspended: they count as no answer, right or wrong."""
    undecided: int = 0
    spend: tuple[RoleSpend, ...] = ()
    bins: tuple[BinAccuracy, ...] = ()

    @property
    def telling(self) -> bool:
        """Whether the accuracy rests on enough problems to say how sure it is."""
        return self.accuracy is not None and self.n >= FEWEST

    @property
    def label(self) -> str:
        """Strategy and budget."""
        return f"{self.strategy} · {self.budget}" if self.budget else self.strategy

    @property
    def tokens_per_run(self) -> float:
        """Mean attributed tokens, verifiers included."""
        return self.attributed.tokens / self.runs if self.runs else 0.0

    @property
    def dollars_per_run(self) -> float | None:
        """Mean attributed dollars; None where a price is unknown."""
        dollars = self.attributed.dollars
        return None if dollars is None or not self.runs else dollars / self.runs
