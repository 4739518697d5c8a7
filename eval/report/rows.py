"""One strategy under one budget, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from msgspec import Struct, field
from msgspec.structs import astuple

from tts.eval.attempts import Attempt
from tts.eval.idealised import Idealised
from tts.eval.metrics import ProblemScore, accuracy, problem_score
from tts.eval.metrics.selected import Selected
from tts.eval.metrics.text_answers import TextScore, mean_text_score
from tts.eval.statistics import FEWEST, Estimate, PairedDifference, wilson
from tts.protocols import Role
from tts.values import NOTHING, OPEN, StoppedBy, Usage


class RoleSpend(Struct, frozen=True):
    """What the calls of one role spent, attributed."""

    role: Role
    usage: Usage


class BinAccuracy(Struct, frozen=True):
    """The accuracy on the problems of one difficulty bin, 1 easiest."""

    bin: int
    n: int
    accuracy: Estimate


class AtSpend(Struct, frozen=True):
    """The difference to the baseline where it spends as much as a row on one cost axis."""

    estimate: Estimate | None = None
    """In shares of right answers, with its interval; None: `why` says what is missing."""
    n: int = 0
    """Problems that it rests on."""
    between: tuple[str, ...] = ()
    """Labels of the baseline's rows that it is read off."""
    why: str = ""


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
    at_spend: dict[str, AtSpend] = field(default_factory=dict)
    """The differences at equal spend, by the name of the cost axis; empty on the baseline's own."""
    attributed: Usage
    billed: Usage
    seconds: float | None = None
    idealised_seconds: float | None = None
    """What the runs ask of their models on an idle machine; None: a model has no fit."""
    joules: float | None = None
    """Of those seconds; None: not measured."""
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
    longest_context: int | None = None
    """Prompt tokens of all calls of the run that read most: its effective context length."""
    unread_tokens: int | None = None
    """Completion tokens of all runs behind the lines that were read; None: unknown of some run."""
    words: TextScore | None = None
    """EM, F1 and Acc where answers are a few words; None elsewhere."""
    selected: Selected | None = None
    """What selection got of what was drawn, where answers are programs; None elsewhere."""
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
        return self.mean(self.attributed.tokens) or 0.0

    @property
    def dollars_per_run(self) -> float | None:
        """Mean attributed dollars; None where a price is unknown."""
        return self.mean(self.attributed.dollars)

    @property
    def seconds_per_run(self) -> float | None:
        """Mean seconds; None where a run's are unknown."""
        return self.mean(self.seconds)

    def mean(self, total: float | None) -> float | None:
        """A sum over the runs as the mean of one; None where it is unknown."""
        return None if total is None or not self.runs else total / self.runs


def row_of(
    attempts: Sequence[Attempt],
    bins: Mapping[str, int | None],
    *,
    planned: int | None = None,
    idealised: Idealised | None = None,
    references: Mapping[str, Sequence[str]] | None = None,
) -> Row:
    """The figures of runs that share strategy and budget; `bins`, and right answers where they are a
    few words, by problem id."""
    scores = _scores(attempts)
    found = accuracy(scores)
    return Row(
        strategy=attempts[0].strategy,
        budget=attempts[0].budget,
        n=found.n,
        runs=len(attempts),
        accuracy=None if found.value is None else wilson(found.value * found.n, found.n),
        attributed=total(attempt.attributed for attempt in attempts),
        billed=total(attempt.billed for attempt in attempts),
        seconds=_known_sum(attempt.seconds for attempt in attempts),
        idealised_seconds=_known_sum(
            idealised.seconds(one.attributed, one.spend) if idealised else None for one in attempts
        ),
        joules=_known_sum(
            idealised.joules(one.attributed, one.spend) if idealised else None for one in attempts
        ),
        stopped_by=dict(Counter(attempt.stopped_by for attempt in attempts)),
        planned=planned,
        early=sum(not attempt.counted and attempt.stopped_by not in OPEN for attempt in attempts),
        ungraded=sum(attempt.grade.correct is None for attempt in attempts),
        reasons=dict(Counter(a.error for a in attempts if a.error is not None).most_common()),
        no_answer=dict(Counter(a.no_answer for a in attempts if a.no_answer).most_common()),
        missing=missing_of(attempts),
        undecided=found.undecided,
        spend=_spend(attempts),
        longest_context=max(attempt.attributed.prompt_tokens for attempt in attempts),
        unread_tokens=_unread(attempts),
        words=_words(attempts, references or {}),
        bins=_by_bin(scores, bins),
    )


def _unread(attempts: Sequence[Attempt]) -> int | None:
    """None where those of a run that drew anything are unknown."""
    drew = [one for one in attempts if one.attributed.completion_tokens]
    known = [one.unread_tokens for one in drew if one.unread_tokens is not None]
    return sum(known) if drew and len(known) == len(drew) else None


def _words(
    attempts: Sequence[Attempt], references: Mapping[str, Sequence[str]]
) -> TextScore | None:
    """Over the runs that were graded."""
    graded = [one for one in attempts if one.counted and one.grade.correct is not None]
    known = [one for one in graded if references.get(one.problem_id)]
    return mean_text_score((one.answer, references[one.problem_id]) for one in known)


def missing_of(attempts: Iterable[Attempt]) -> dict[str, int]:
    """Draws and verdicts that never came, by reason, the most frequent first."""
    found: Counter[str] = Counter()
    for attempt in attempts:
        if attempt.missing:
            found.update(attempt.missing)
    return dict(found.most_common())


def solved_shares(attempts: Sequence[Attempt]) -> dict[str, float]:
    """By problem id, the share of right answers among its graded runs."""
    means = {score.problem_id: score.mean for score in _scores(attempts)}
    return {problem: mean for problem, mean in means.items() if mean is not None}


def _scores(attempts: Sequence[Attempt]) -> list[ProblemScore]:
    grades: dict[str, list[Attempt]] = {}
    for attempt in (one for one in attempts if one.counted):
        grades.setdefault(attempt.problem_id, []).append(attempt)
    return [problem_score(one, (run.grade for run in runs)) for one, runs in grades.items()]


def total(usages: Iterable[Usage]) -> Usage:
    """The sum of any number of usages; unknown wins in every dimension."""
    table = [astuple(usage) for usage in usages]
    if not table:
        return NOTHING
    sums = (None if None in amounts else sum(amounts) for amounts in zip(*table, strict=True))
    return Usage(**dict(zip(Usage.__struct_fields__, sums, strict=True)))  # type: ignore[arg-type]


def _known_sum(amounts: Iterable[float | None]) -> float | None:
    """None where any is unknown."""
    total = 0.0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _spend(attempts: Sequence[Attempt]) -> tuple[RoleSpend, ...]:
    used: list[Role] = [
        role for role in get_args(Role) if any(role in attempt.spend for attempt in attempts)
    ]
    return tuple(
        RoleSpend(role, total(one.spend[role] for one in attempts if role in one.spend))
        for role in used
    )


def _by_bin(
    scores: Sequence[ProblemScore], bins: Mapping[str, int | None]
) -> tuple[BinAccuracy, ...]:
    members: dict[int, list[float]] = {}
    for score in scores:
        place = bins.get(score.problem_id)
        if place is not None and score.mean is not None:
            members.setdefault(place, []).append(score.mean)
    return tuple(
        BinAccuracy(place, len(means), wilson(min(sum(means), len(means)), len(means)))
        for place, means in sorted(members.items())
    )
