"""A ladder on problems that it was not fitted on, beside what it is measured against."""

from __future__ import annotations

import numpy as np

from tts.eval.calibration.fit import climbed, target_of
from tts.eval.calibration.table import Climbed, Table
from tts.eval.metrics.verifier import calibration
from tts.eval.replay.pool import Floats
from tts.eval.replay.resample import redrawn
from tts.strategies.allocation.ladder import Ladder
from tts.strategies.allocation.policy import HeldOut, Interval, Slice

RESAMPLES = 4_000
SLICES = 5


def judge(held: Table, ladder: Ladder, *, n: int, uniform: int, seed: int = 0) -> HeldOut:
    """Figures with intervals over the problems; `uniform` is the control's number of draws."""
    even = (target_of(k, ladder.signal) for k in (n, uniform))
    done, target, control = (climbed(held, one) for one in (ladder, *even))
    boot = Bootstrap(len(held.problems), seed)
    asked = held.draws.asked[:, 0, 0]
    once = target.cost - (n - 1) * asked
    known = done.flops is not None and target.flops is not None
    return HeldOut(
        problems=len(held.problems),
        accuracy=boot.mean(done.accuracy),
        target=boot.mean(target.accuracy),
        difference=boot.mean(done.accuracy - target.accuracy),
        tokens=boot.mean(done.cost),
        target_tokens=boot.mean(target.cost),
        ratio=boot.ratio(target.cost, done.cost),
        ratio_prompt_once=boot.ratio(once, done.cost),
        ratio_rescored=boot.ratio(
            target.rescored.mean(axis=1) - (n - 1) * asked, done.rescored.mean(axis=1)
        ),
        flops_ratio=boot.ratio(_by_problem(target), _by_problem(done)) if known else None,
        control=boot.ratio(target.cost, control.cost),
        ece=_error(done),
        slices=tuple(slices(held, done, boot)),
    )


def _by_problem(done: Climbed) -> Floats:
    assert done.flops is not None
    return np.asarray(done.flops.mean(axis=1))


def _error(done: Climbed) -> float | None:
    """Of the scores of accepted answers; None where none was accepted."""
    if not done.accepted.any():
        return None
    taken = zip(done.score[done.accepted], done.right[done.accepted], strict=True)
    return calibration([(float(score), float(right)) for score, right in taken]).ece


class Bootstrap:
    """Percentile intervals over resampled problems, the same resamples for every figure."""

    def __init__(self, n: int, seed: int) -> None:
        self._weights = redrawn(np.random.default_rng(seed), n, RESAMPLES) / n

    def mean(self, values: Floats) -> Interval:
        return self._interval(float(values.mean()), self._weights @ values)

    def ratio(self, above: Floats, below: Floats) -> Interval:
        """Of two means."""
        found = (self._weights @ above) / (self._weights @ below)
        return self._interval(float(above.mean() / below.mean()), found)

    def _interval(self, value: float, means: Floats) -> Interval:
        low, high = np.quantile(means, [0.025, 0.975])
        return Interval(value=value, low=float(low), high=float(high))


def slices(held: Table, done: Climbed, boot: Bootstrap) -> list[Slice]:
    """The held-out problems by oracle difficulty: fifths by the share of right draws."""
    shares = held.draws.correct[:, 0, :].mean(axis=1)
    ranks = np.argsort(np.argsort(-shares, kind="stable"), kind="stable")
    found = []
    for at in range(SLICES):
        mine = ranks * SLICES // len(ranks) == at
        if not mine.any():
            continue
        inside = Bootstrap(int(mine.sum()), at)
        wrong = (done.accepted & ~done.right)[mine].mean(axis=1).sum()
        low, high = shares[mine].min(), shares[mine].max()
        found.append(
            Slice(
                name=f"fifth {at + 1}: {100 * low:.0f}–{100 * high:.0f} % of draws right",
                problems=int(mine.sum()),
                accuracy=inside.mean(done.accuracy[mine]),
                tokens=float(done.cost[mine].mean()),
                failed=round(float(wrong)),
            )
        )
    return found
