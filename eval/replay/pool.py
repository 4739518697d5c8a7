"""Recorded draws as columns: what a rule looks at, without the texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_VOTE = -1
"""The class of a draw that votes for nothing: cut, without an answer, or of unknown answer."""


class Draws(Struct, frozen=True, kw_only=True):
    """The draws of one problem that came and have a verdict, in recorded order; one array each."""

    problem_id: str
    classes: Ints
    """Which class of equal answers a draw votes for, from 0; `NO_VOTE` where it has no vote."""
    correct: Flags
    scores: Floats
    """A verifier's value in 0…1, kept in the order of raw outputs; NaN where there is none."""
    finished: Flags
    """Whether the draw ended by itself rather than at its token limit."""
    answered: Flags
    """Whether it ended and states an answer."""
    tokens: Ints
    """Completion tokens, thoughts included."""
    texts: Ints
    """The same number for equal texts, which are scored once."""
    score_tokens: Ints
    """What its verifier read and wrote."""
    seconds: Floats
    """NaN where nobody noted how long it took."""
    dollars: Floats
    """NaN where its price is unknown."""
    prompts: Ints
    """Prompt tokens: every draw is a request of its own and pays for its prompt."""
    replicates: Ints
    """Which recorded repeat drew it."""

    @property
    def n(self) -> int:
        return len(self.classes)

    @property
    def scored(self) -> Flags:
        return ~np.isnan(self.scores)

    @property
    def sizes(self) -> Ints:
        """Votes per class."""
        return np.bincount(self.classes[self.classes >= 0], minlength=0)

    @property
    def rights(self) -> Ints:
        """Right draws per class."""
        voting = self.classes >= 0
        return np.bincount(self.classes[voting & self.correct], minlength=len(self.sizes))

    @property
    def scoring(self) -> Ints:
        """What scoring each draw takes behind those before it: nothing for a text again."""
        fresh = np.zeros(self.n, dtype=np.bool_)
        fresh[np.unique(self.texts, return_index=True)[1]] = True
        return np.where(fresh, self.score_tokens, 0)

    def order(self, places: Sequence[int]) -> Draws:
        """The same draws, or some of them, in another order."""
        at = np.asarray(places, dtype=np.int64)
        return Draws(
            problem_id=self.problem_id,
            classes=self.classes[at],
            correct=self.correct[at],
            scores=self.scores[at],
            finished=self.finished[at],
            answered=self.answered[at],
            tokens=self.tokens[at],
            texts=self.texts[at],
            score_tokens=self.score_tokens[at],
            seconds=self.seconds[at],
            dollars=self.dollars[at],
            prompts=self.prompts[at],
            replicates=self.replicates[at],
        )


class Pool(Struct, frozen=True, kw_only=True):
    """What one model, at one effort, drew for each problem of a file."""

    setting: str
    """The model as its rows name it, efforts included."""
    source: str
    task: str
    problems: tuple[Draws, ...]
    """Those with at least one draw that came and has a verdict."""
    notes: tuple[str, ...] = ()
    """What is missing from the record, in sentences."""

    def __iter__(self) -> Iterator[Draws]:
        return iter(self.problems)

    @property
    def draws(self) -> int:
        return sum(one.n for one in self.problems)

    @property
    def fewest(self) -> int:
        """Draws of the problem that has the fewest."""
        return min(one.n for one in self.problems)

    @property
    def most(self) -> int:
        return max(one.n for one in self.problems)

    @property
    def scored(self) -> bool:
        """Whether any draw has a score."""
        return any(bool(one.scored.any()) for one in self.problems)

    @property
    def votes(self) -> bool:
        """Whether any draw votes: not where only verdicts were recorded."""
        return any(bool((one.classes >= 0).any()) for one in self.problems)

    @property
    def timed(self) -> bool:
        return not any(bool(np.isnan(one.seconds).any()) for one in self.problems)

    @property
    def priced(self) -> bool:
        return not any(bool(np.isnan(one.dollars).any()) for one in self.problems)
