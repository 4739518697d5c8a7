"""Best-of-N by a combination of weak verifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, Judged, chosen, judged
from tts.strategies.parts.stopping import Seen, look
from tts.strategies.weak_signals import Floats, accuracies, binarised, posterior
from tts.values import Candidate, Problem, Score, Scored
from tts.voting import aggregate

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


class Weaver:
    """Weak verdicts on `n` draws, weighed by how often each is right (Saad-Falcon et al. 2025).

    Signals: the verifier's value and its steps by several rules, the model's likelihood where the
    backend reports it, and agreement among the draws. Their accuracies come from `calibration`,
    measured on a training split ("value:0.8 agreement:0.7"), and the others from the draws
    themselves. Signals are taken as independent, which those of one verifier are not: their
    posterior is too sure, its order is what counts.
    """

    name = "weaver"
    bounded = True

    def __init__(self, *, n: int = 16, select: Choice = "weighted", calibration: str = "") -> None:
        at_least(1, n=n)
        self.n, self.calibration = n, calibration
        self.choice, self.select = select, chosen(select)
        self._known = read_calibration(calibration)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n, "select": self.choice, "calibration": self.calibration}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = run.sample(problem, n=self.n)
        scored = await run.all([run.call(judged, draft, run.score(draft)) for draft in drafts])
        answer: Candidate | None = await run.call(self._choose, list(scored), run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self._choose)

    async def _choose(self, drawn: Any, run: Run) -> Candidate | None:
        if not drawn:
            return None
        verdicts = binarised(signals(drawn, await look(drawn, run)))
        found = accuracies(verdicts)
        names = [*SIGNALS, "agreement"]
        right = np.array([self._known.get(n, float(a)) for n, a in zip(names, found, strict=True)])
        values = posterior(verdicts, right)
        return await self.select(
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
