"""Draws of a problem one after another: what each rule of selection answers after every draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import numpy as np
from msgspec import Struct

from tts.backends.replay import order
from tts.eval.replay.pool import NO_VOTE, Draws, Flags, Floats, Ints
from tts.strategies.parts.select import Choice
from tts.strategies.parts.stopping import Seen

Selection = Choice | Literal["first"]
"""How one draw is selected; `first`: the only one that was asked for."""


class SeenDraws(Seen, frozen=True):
    """The draws so far, as a stop rule or a user's controller sees them."""

    tokens: tuple[int, ...] = ()
    """Completion tokens of each."""

    def first(self, k: int) -> SeenDraws:
        """What was seen when `k` draws had come."""
        return SeenDraws(self.classes[:k], self.scores[:k], self.tokens[:k])


class Trail(Struct, frozen=True, kw_only=True):
    """One order of a problem's draws, and what stopping after each of them would give."""

    draws: Draws
    right: Flags
    """Whether the answer selected after 1, 2, … draws is right."""

    @property
    def seen(self) -> SeenDraws:
        classes = tuple(None if one < 0 else int(one) for one in self.draws.classes)
        scores = tuple(None if np.isnan(one) else float(one) for one in self.draws.scores)
        return SeenDraws(classes, scores, tuple(map(int, self.draws.tokens)))

    @property
    def spent(self) -> Ints:
        """Tokens after 1, 2, … draws, prompts included and nothing scored."""
        return np.cumsum(self.draws.prompts + self.draws.tokens)


def trails(draws: Draws, choice: Selection, orders: int) -> Iterator[Trail]:
    """The trails of a problem in that many orders, as repeats of a comparison have them.

    The recorded repeats, one by one, each followed by the draws of the others; then random orders,
    the same that repeats of `tts compare` on a recorded model take.
    """
    recorded = np.unique(draws.replicates).tolist()
    for number in range(orders):
        if 0 < number < len(recorded):
            places = np.argsort(draws.replicates != recorded[number], kind="stable").tolist()
        else:
            places = order(draws.problem_id, draws.n, number)
        ordered = draws.order(places)
        yield Trail(draws=ordered, right=verdicts(ordered, choice))


def verdicts(draws: Draws, choice: Selection) -> Flags:
    """Whether the draw selected among the first 1, 2, … is right; wrong where none is."""
    pick = PICKS[choice](draws)
    chosen = [pick(place) for place in range(draws.n)]
    return np.array([at is not None and bool(draws.correct[at]) for at in chosen], dtype=np.bool_)


Pick = Callable[[int], int | None]
"""Sees the draws one by one; gives the place of what is selected so far."""


class _Vote:
    """The heaviest member of the class with the greatest sum of weights; of equals the first."""

    def __init__(self, classes: Ints, weights: Floats) -> None:
        self._classes, self._weights = classes.tolist(), weights.tolist()
        self._sums: dict[int, float] = {}
        self._heaviest: dict[int, int] = {}

    def __call__(self, place: int) -> int | None:
        name, weight = self._classes[place], self._weights[place]
        if name >= 0:
            self._sums[name] = self._sums.get(name, 0.0) + weight
            if weight > self._weights[self._heaviest.setdefault(name, place)]:
                self._heaviest[name] = place
        if not self._sums:
            return None
        return self._heaviest[max(self._sums, key=self._sums.__getitem__)]


class _Unscored:
    """The choice where no verdict helps: the vote, or the first answer that there is."""

    def __init__(self, draws: Draws) -> None:
        self._vote = _majority(draws)
        self._answered = draws.answered.tolist()
        self._first: int | None = None

    def __call__(self, place: int) -> int | None:
        if self._first is None and self._answered[place]:
            self._first = place
        voted = self._vote(place)
        return self._first if voted is None else voted


class _Best:
    """The highest score, as `best_scored` has it: the vote where no answer is scored."""

    def __init__(self, draws: Draws) -> None:
        columns = (draws.finished.tolist(), draws.answered.tolist(), draws.scores.tolist())
        self._standing = list(zip(*columns, strict=True))
        self._scored, self._answered = draws.scored.tolist(), draws.answered.tolist()
        self._unscored = _Unscored(draws)
        self._best: int | None = None

    def __call__(self, place: int) -> int | None:
        other, best = self._unscored(place), self._best
        if self._scored[place] and (best is None or self._standing[place] > self._standing[best]):
            self._best = best = place
        if other is None or (best is not None and self._answered[best]):
            return best
        return other


class _Weighted:
    """The class with the greatest sum of scores; the vote where no answer is scored."""

    def __init__(self, draws: Draws) -> None:
        classes = np.where(draws.scored, draws.classes, NO_VOTE)
        self._weighed = _Vote(classes, np.nan_to_num(draws.scores))
        self._unscored = _Unscored(draws)

    def __call__(self, place: int) -> int | None:
        other, weighed = self._unscored(place), self._weighed(place)
        return other if weighed is None else weighed


def _majority(draws: Draws) -> Pick:
    return _Vote(draws.classes, np.ones(draws.n))


def _first(_draws: Draws) -> Pick:
    return lambda _place: 0


PICKS: Mapping[Selection, Callable[[Draws], Pick]] = {
    "first": _first,
    "majority": _majority,
    "best": _Best,
    "weighted": _Weighted,
}
