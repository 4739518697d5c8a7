"""Best-of-N: the draw, or the answer, that a verifier likes best, or several weak ones together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts.answers import Aggregate, aggregate
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Choice, Judged, Select, chosen, with_verdict
from tts.strategies.parts.stopping import (
    BY_SCORE,
    ExpectedGain,
    Seen,
    StopName,
    in_batches,
    look,
    stop_rule,
)
from tts.values import Candidate, Problem, Score, Scored


class BestOfN(StrategyBase):
    """Draw `n` solutions, score each as it ends, take the highest (Cobbe et al. 2021)."""

    name = "best_of_n"
    choice: ClassVar[Choice] = "best"

    n: int = 16
    """Draws, at most."""
    aggregate: Aggregate | None = None
    """How step scores become one; None: the verifier's own value."""
    stop: StopName = "never"
    """The rule that may end drawing early, asked every `batch` draws."""
    batch: int = 4
    """Draws that travel together under a stop rule."""

    def check(self) -> None:
        at_least(1, n=self.n, batch=self.batch)
        stop_rule(self.stop)

    @property
    def bounded(self) -> bool:  # type: ignore[override]  # scores decide when to stop
        return self.stop not in BY_SCORE

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        size = self.n if self.stop == "never" else self.batch
        drawn = await in_batches(
            problem, run, rule=stop_rule(self.stop), n=self.n, batch=size, scored=True
        )
        answer: Candidate | None = await run.call(self.selection(), drawn.kept, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.choice, self.aggregate)


class WeightedBestOfN(BestOfN):
    """Best-of-N whose scores vote: the answer with the greatest sum (Li et al. 2022)."""

    name = "weighted_best_of_n"
    choice = "weighted"


class OptimalStopping(StrategyBase):
    """Draw and score until the expected gain of the best score is below `cost` per draw.

    Pandora's box (Weitzman 1979) as Kalayci et al. (2025) apply it to best-of-N; of the next score
    the ones before it tell, see `ExpectedGain`.
    """

    name = "optimal_stopping"

    n: int = 32
    cost: float = 0.01
    """Of one draw, in units of the score."""
    least: int = 1
    """Draws before the rule is asked."""
    batch: int = 1
    select: Choice = "best"

    def check(self) -> None:
        at_least(1, n=self.n, batch=self.batch)
        ExpectedGain(self.cost, least=self.least)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(
            problem,
            run,
            rule=ExpectedGain(self.cost, least=self.least),
            n=self.n,
            batch=self.batch,
            scored=True,
        )
        answer: Candidate | None = await run.call(self.selection(), drawn.kept, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)


UNKNOWN = float("nan")


def _likelihood(one: Judged) -> float:
    value = one.candidate.mean_logprob
    return UNKNOWN if value is None else value


def _steps(how: Any) -> Callable[[Judged], float]:
    return lambda one: aggregate(one.score.steps, how) if one.score and one.score.steps else UNKNOWN


SIGNALS: Mapping[str, Callable[[Judged], float]] = {
    "value": lambda one: one.score.value if one.score else UNKNOWN,
    "last": _steps("last"),
    "min": _steps("min"),
    "mean": _steps("mean"),
    "likelihood": _likelihood,
}
"""Verdicts on a candidate; how many draws agree with it is one more."""


class Weaver(StrategyBase):
    """Weak verdicts on `n` draws, weighed by how often each is right (Saad-Falcon et al. 2025).

    Signals: the verifier's value and its steps by several rules, the model's likelihood where the
    backend reports it, and agreement among the draws. Their accuracies come from `calibration`,
    measured on a training split ("value:0.8 agreement:0.7"), and the others from the draws
    themselves. Signals are taken as independent, which those of one verifier are not: their
    posterior is too sure, its order is what counts. Of known accuracy, one more never lowers the
    expected accuracy; one at chance whose accuracy is only estimated may: tell it in `calibration`.
    """

    name = "weaver"
    bounded = True

    n: int = 16
    select: Choice = "weighted"
    calibration: str = ""

    def check(self) -> None:
        at_least(1, n=self.n)
        read_calibration(self.calibration)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = run.sample(problem, n=self.n)
        scored = await run.all([with_verdict(run, draft, scored=True) for draft in drafts])
        answer: Candidate | None = await run.call(self._choose, list(scored), run)
        return answer

    def selection(self) -> Select:
        return self._choose

    async def _choose(self, drawn: Any, run: Run) -> Candidate | None:
        if not drawn:
            return None
        verdicts = binarised(signals(drawn, await look(drawn, run)))
        found = accuracies(verdicts)
        names = [*SIGNALS, "agreement"]
        told = read_calibration(self.calibration)
        right = np.array([told.get(n, float(a)) for n, a in zip(names, found, strict=True)])
        values = posterior(verdicts, right)
        return await chosen(self.select)(
            [
                Scored(one.candidate, Score(value=float(value)))
                for one, value in zip(drawn, values, strict=True)
            ],
            run,
        )


def signals(drawn: list[Judged], seen: Seen) -> Floats:
    """(candidates, signals); agreement is the share of the votes that a candidate's answer has."""
    voted = [place for place in seen.classes if place is not None]
    shares = [UNKNOWN if p is None else voted.count(p) / len(voted) for p in seen.classes]
    rows = [[read(one) for read in SIGNALS.values()] for one in drawn]
    return np.array([[*row, share] for row, share in zip(rows, shares, strict=True)])


def read_calibration(text: str) -> dict[str, float]:
    """`name:accuracy` pairs; ValueError for a name or a value that cannot be."""
    known = {}
    for pair in text.split():
        name, _, value = pair.partition(":")
        if name not in (*SIGNALS, "agreement"):
            raise ValueError(f"calibration knows {', '.join(SIGNALS)}, agreement, not {name!r}.")
        known[name] = float(value)
        if not 0 < known[name] < 1:
            raise ValueError(f"An accuracy lies between 0 and 1, not {value}.")
    return known


Floats: TypeAlias = NDArray[np.float64]

PRIOR_RIGHT, PRIOR_WRONG = 7.0, 3.0
"""A signal is taken to be right in seven cases of ten, before anything is seen."""
ROUNDS = 50
WORTH = 0.55
"""A signal that is right less often than this says nothing and is left out."""


def binarised(signals: Floats) -> Floats:
    """Each signal's verdict on each candidate, 1 above the signal's mean, 0 below.

    `signals` is (candidates, signals); unknown values (NaN) and signals that are the same for all
    candidates give no verdict: 0.5.
    """
    known = ~np.isnan(signals)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, signals, 0.0).sum(axis=0) / counts
    above = np.where(known, np.sign(np.nan_to_num(signals) - means), 0.0)
    return np.asarray((above + 1.0) / 2.0, dtype=np.float64)


def accuracies(verdicts: Floats, *, share: float = 0.5) -> Floats:
    """How often each signal is right, by expectation maximisation over the unknown truth.

    Dawid and Skene's (1979) model with one accuracy per signal and a Beta prior; `share` is the
    prior probability that a candidate is right. Deterministic.
    """
    found = np.full(verdicts.shape[1], PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG))
    given = (verdicts != 0.5).sum(axis=0)
    for _ in range(ROUNDS):
        right = posterior(verdicts, found, share=share)[:, None]
        agree = np.where(verdicts == 1.0, right, np.where(verdicts == 0.0, 1.0 - right, 0.0))
        total = given + PRIOR_RIGHT + PRIOR_WRONG - 2.0
        found = (agree.sum(axis=0) + PRIOR_RIGHT - 1.0) / total
    return found


def posterior(verdicts: Floats, right: Floats, *, share: float = 0.5) -> Floats:
    """P(candidate is right | verdicts), the signals being independent given the truth."""
    sure = np.clip(right, 1e-6, 1.0 - 1e-6)
    odds = np.where(right >= WORTH, np.log(sure / (1.0 - sure)), 0.0)
    logit = np.log(share / (1.0 - share)) + ((2.0 * verdicts - 1.0) * odds).sum(axis=1)
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def calibration(verdicts: Floats, truth: Floats) -> Floats:
    """Accuracies from labelled candidates of a training split, one row per candidate."""
    agree = np.where(verdicts == 0.5, 0.0, 1.0 - np.abs(verdicts - truth[:, None])).sum(axis=0)
    given = (verdicts != 0.5).sum(axis=0)
    return np.asarray(
        (agree + PRIOR_RIGHT - 1.0) / (given + PRIOR_RIGHT + PRIOR_WRONG - 2.0), dtype=np.float64
    )
