"""When to stop drawing: batches of draws, and rules over what was seen between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import comb, exp, factorial, lgamma, log
from typing import Any, Literal, Protocol

import numpy as np
from msgspec import Struct

from tts.answers import ballots
from tts.equivalence import Equivalence
from tts.run import Run
from tts.strategies.parts.select import Judged, with_verdict
from tts.values import Problem


class Drawn(Struct, frozen=True):
    """What was drawn before the rule stopped, and how much of it the rule needed."""

    kept: tuple[Judged, ...]
    submitted: int
    """Draws paid for, failed ones included."""
    needed: int
    """Draws after which the rule held for the first time; all of them where it never did."""

    @property
    def overshoot(self) -> int:
        """Draws of the last batch that a one-at-a-time loop would have saved."""
        return len(self.kept) - self.needed


async def in_batches(
    problem: Problem,
    run: Run,
    *,
    rule: StopRule,
    n: int,
    batch: int,
    scored: bool = False,
    before: Sequence[Judged] = (),
    **sampling: Any,
) -> Drawn:
    """At most `n` draws, `batch` at once; every draw that was paid for is kept and may vote.

    The rule sees draws one by one in order of submission, so that it stops where a loop over single
    draws would, at the end of that batch, whatever the timing. It sees those from `before` as well.
    `sampling` is passed on to `run.sample`.
    """
    kept = list(before)
    submitted, needed = 0, 0
    while submitted < n and not needed:
        drafts = run.sample(problem, n=min(batch, n - submitted), **sampling)
        submitted += len(drafts)
        nodes = [with_verdict(run, draft, scored=scored) for draft in drafts]
        known = len(kept)
        kept += await run.all(nodes)
        if batch < n:
            seen: Seen = await run.call(look, kept, run)
            fresh = range(known + 1, len(kept) + 1)
            needed = next((k for k in fresh if rule.stops(seen.first(k))), 0)
    drawn = tuple(kept[len(before) :])
    return Drawn(drawn, submitted, needed - len(before) if needed else len(drawn))


class Seen(Struct, frozen=True):
    """The draws so far, in order of submission."""

    classes: tuple[int | None, ...]
    """Which class of equal answers each draw votes for; None where it has no vote."""
    scores: tuple[float | None, ...] = ()
    """The verifier's value of each draw, None where it has none."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Votes per class, most first."""
        votes = Counter(place for place in self.classes if place is not None)
        return tuple(sorted(votes.values(), reverse=True))

    def first(self, k: int) -> Seen:
        """What was seen when `k` draws had come."""
        return Seen(self.classes[:k], self.scores[:k])


async def look(kept: Sequence[Judged], run: Run) -> Seen:
    """What a run has seen of these draws."""
    return await seen_of(kept, run.equivalence)


async def seen_of(kept: Sequence[Judged], equivalence: Equivalence) -> Seen:
    """Sort the answers into classes; the rule of equality is that of votes."""
    votes = ballots([entry.candidate for entry in kept])
    voters = [place for place, vote in enumerate(votes) if vote is not None]
    groups = await equivalence.groups([votes[place] or "" for place in voters])
    classes: list[int | None] = [None] * len(votes)
    for number, members in enumerate(groups):
        for member in members:
            classes[voters[member]] = number
    scores = tuple(entry.score.value if entry.score else None for entry in kept)
    return Seen(tuple(classes), scores)


class Beta:
    """Stop once the leader beats the runner-up with this probability (Aggarwal et al. 2023).

    With the default .95: stops at 4-0, goes on at 5-1, stops at 6-1.
    """

    def __init__(self, confidence: float = 0.95) -> None:
        if not 0.5 < confidence < 1:
            raise ValueError(f"confidence lies between 0.5 and 1, not {confidence}.")
        self.confidence = confidence

    def stops(self, seen: Seen) -> bool:
        leader, runner_up = (*seen.counts, 0, 0)[:2]
        return leads(leader, runner_up) >= self.confidence


def leads(leader: int, runner_up: int) -> float:
    """P(p₁ > p₂) under Beta(leader + 1, runner_up + 1): a binomial tail, so a finite sum.

    The integral of the paper equals P[Binomial(a + b + 1, ½) ≤ a].
    """
    trials = leader + runner_up + 1
    return float(sum(comb(trials, k) for k in range(leader + 1)) / 2**trials)


MOST_CLASSES = 5
"""Classes that take part, as in the paper's code; a sum over subsets of them."""


class Dirichlet:
    """Stop once the leading answer is the likeliest with this probability (Aggarwal et al. 2023).

    Where the paper draws samples, this sums: exact, and the same every time.
    """

    def __init__(self, confidence: float = 0.95) -> None:
        if not 0.5 < confidence < 1:
            raise ValueError(f"confidence lies between 0.5 and 1, not {confidence}.")
        self.confidence = confidence

    def stops(self, seen: Seen) -> bool:
        return is_likeliest(seen.counts) >= self.confidence


def is_likeliest(counts: Sequence[int]) -> float:
    """P(p₁ is the greatest) under a Dirichlet with one added to each count; counts descending.

    With p as normalised Gamma variables of whole shapes, P(all of a subset exceed the leader) is a
    finite sum, and inclusion and exclusion over subsets give the rest.
    """
    top = [*counts, 0, 0][:2] if len(counts) < 2 else list(counts[:MOST_CLASSES])
    if len(top) < 3:
        return leads(top[0], top[1])
    rivals = range(1, len(top))
    subsets = (subset for size in range(len(top)) for subset in combinations(rivals, size))
    signed = ((-1.0) ** len(s) * _all_exceed(top[0], [top[i] for i in s]) for s in subsets)
    return float(min(1.0, max(0.0, sum(signed))))


def _all_exceed(leader: int, rivals: Sequence[int]) -> float:
    """P(Gᵢ > G₁ for every rival), G ~ Gamma(count + 1)."""
    terms = np.ones(1)
    for count in rivals:
        terms = np.convolve(terms, [1 / factorial(k) for k in range(count + 1)])
    shape, rate = leader + 1, log(len(rivals) + 1)
    weights = (
        exp(lgamma(shape + k) - lgamma(shape) - (shape + k) * rate) for k in range(len(terms))
    )
    return float(sum(term * weight for term, weight in zip(terms, weights, strict=True)))


class UnanimousWindow:
    """Stop once one window of `size` draws agrees (Li et al. 2024); draws without a vote do not."""

    def __init__(self, size: int = 5) -> None:
        if size < 2:
            raise ValueError(f"size is at least 2, not {size}.")
        self.size = size

    def stops(self, seen: Seen) -> bool:
        starts = range(0, len(seen.classes) - self.size + 1, self.size)
        windows = (set(seen.classes[start : start + self.size]) for start in starts)
        return any(len(window) == 1 and None not in window for window in windows)


def expected_draws(shares: Sequence[float], *, size: int, n: int) -> float:
    """Draws that windows of `size` out of at most `n` will take (the paper's control scheme).

    `shares` are the answers' probabilities, as the first window shows them.
    """
    agree = sum(share**size for share in shares)
    windows = n // size
    stopped = sum((t + 1) * agree * (1 - agree) ** t for t in range(windows - 1))
    return size * (stopped + windows * (1 - agree) ** (windows - 1))


class Consensus:
    """Stop once this share of at least `least` votes agrees (Fu et al. 2025 use .95)."""

    def __init__(self, share: float = 0.95, *, least: int = 4) -> None:
        if not 0.5 < share <= 1:
            raise ValueError(f"share lies above 0.5 and at most at 1, not {share}.")
        if least < 1:
            raise ValueError(f"least is at least 1, not {least}.")
        self.share, self.least = share, least

    def stops(self, seen: Seen) -> bool:
        votes = sum(seen.counts)
        return votes >= self.least and seen.counts[0] >= self.share * votes


class ScoreThreshold:
    """Stop at the first draw whose score reaches a bar: the verifier says that it will do.

    A draw that was cut, or states no answer, will not do.
    """

    def __init__(self, at: float = 0.9) -> None:
        if not 0 <= at <= 1:
            raise ValueError(f"at lies between 0 and 1, not {at}.")
        self.at = at

    def stops(self, seen: Seen) -> bool:
        last = seen.scores[-1] if seen.scores else None
        return last is not None and last >= self.at and seen.classes[-1] is not None


class GiveUp:
    """Stop once the best of at least `after` scores is below a bar: the problem is too hard.

    What more draws would cost is better spent on another model, or another problem (rational
    abandonment, as in CLEAR, 2026).
    """

    def __init__(self, below: float = 0.1, *, after: int = 8) -> None:
        if not 0 <= below <= 1:
            raise ValueError(f"below lies between 0 and 1, not {below}.")
        if after < 1:
            raise ValueError(f"after is at least 1, not {after}.")
        self.below, self.after = below, after

    def stops(self, seen: Seen) -> bool:
        scores = [score for score in seen.scores if score is not None]
        return len(scores) >= self.after and max(scores) < self.below


class Either:
    """Stop as soon as one of several rules does."""

    def __init__(self, *rules: StopRule) -> None:
        self.rules = rules

    def stops(self, seen: Seen) -> bool:
        return any(rule.stops(seen) for rule in self.rules)


class ExpectedGain:
    """Stop once one more draw is expected to raise the best score by less than it costs.

    Weitzman's (1979) reservation rule. Scores are taken as they come, bounded and in lumps: what
    the next one will be is a Dirichlet process (Ferguson 1973) over those seen and `prior` more
    that may be anything from 0 to 1. `cost` is in units of the score, per draw.
    """

    def __init__(self, cost: float = 0.01, *, least: int = 1, prior: float = 1.0) -> None:
        if not 0 < cost < 1:
            raise ValueError(f"cost lies between 0 and 1, not {cost}.")
        if least < 1:
            raise ValueError(f"least is at least 1, not {least}.")
        if prior <= 0:
            raise ValueError(f"prior lies above 0, not {prior}.")
        self.cost, self.least, self.prior = cost, least, prior

    def stops(self, seen: Seen) -> bool:
        scores = [score for score in seen.scores if score is not None]
        if len(scores) < self.least:
            return False
        return bool(expected_gain(max(scores), len(scores), self.prior) <= self.cost)


def expected_gain(best: Any, n: Any, prior: float = 1.0) -> Any:
    """E[(X - best)⁺] of the next score X after `n`, in closed form; numbers or arrays of them.

    With chance n / (n + prior) X is one of those seen and gains nothing, else it is uniform.
    """
    return prior / (prior + n) * (1 - best) ** 2 / 2


StopName = Literal[
    "never", "beta", "dirichlet", "window", "consensus", "gain", "threshold", "give_up"
]
BY_SCORE: frozenset[StopName] = frozenset({"gain", "threshold", "give_up"})
"""Rules that look at scores, which a vote has none of."""


class StopRule(Protocol):
    """Says when further draws are not worth their cost: a pure function of what was seen."""

    def stops(self, seen: Seen) -> bool: ...


class Never:
    """Draw them all."""

    def stops(self, seen: Seen) -> bool:
        return False


STOP_RULES: Mapping[StopName, Callable[[], StopRule]] = {
    "never": Never,
    "beta": Beta,
    "dirichlet": Dirichlet,
    "window": UnanimousWindow,
    "consensus": Consensus,
    "gain": ExpectedGain,
    "threshold": ScoreThreshold,
    "give_up": lambda: Either(ScoreThreshold(), GiveUp()),
}
"""By the name that a strategy's `stop` parameter takes, with the published defaults."""


def stop_rule(name: StopName) -> StopRule:
    """The rule of that name; ValueError names the known ones."""
    if name not in STOP_RULES:
        raise ValueError(f"stop is one of {', '.join(STOP_RULES)}, not {name!r}.")
    return STOP_RULES[name]()
