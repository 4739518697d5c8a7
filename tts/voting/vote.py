"""The vote itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite

from msgspec import Struct

from tts.voting.grouping import Grouping


class AnswerClass(Struct, frozen=True, kw_only=True):
    """Equal answers and what they weigh together."""

    answer: str
    """As the representative words it."""
    representative: int
    """Position of the heaviest member, the earliest of equals."""
    members: tuple[int, ...]
    """Positions, in order of submission."""
    weight: float

    @property
    def count(self) -> int:
        return len(self.members)


class Vote(Struct, frozen=True):
    """The classes of a vote in order of first appearance; none where nobody voted."""

    classes: tuple[AnswerClass, ...]

    @property
    def winner(self) -> AnswerClass | None:
        """The heaviest class; of equally heavy ones the one that appeared first."""
        return max(self.classes, key=lambda found: found.weight, default=None)

    @property
    def answer(self) -> str | None:
        return self.winner.answer if self.winner else None

    @property
    def voters(self) -> int:
        return sum(found.count for found in self.classes)

    @property
    def weight(self) -> float:
        return fsum(found.weight for found in self.classes)

    @property
    def share(self) -> float | None:
        """The winner's part of the whole weight; None where nothing weighs anything."""
        return self.winner.weight / self.weight if self.winner and self.weight else None

    @property
    def margin(self) -> float | None:
        """How far the winner leads the runner-up; None where nobody voted."""
        weights = sorted((found.weight for found in self.classes), reverse=True)
        return weights[0] - (weights[1] if len(weights) > 1 else 0.0) if weights else None


async def vote(
    answers: Sequence[str | None], weights: Sequence[float], equivalence: Grouping
) -> Vote:
    """Weigh the classes of equal answers; a position with None does not vote.

    Weights are finite and not negative: a negative score would vote against its own answer.
    """
    if len(answers) != len(weights):
        raise ValueError(f"{len(answers)} answers with {len(weights)} weights.")
    if not all(isfinite(weight) and weight >= 0 for weight in weights):
        raise ValueError("A vote's weights are finite and not negative.")
    voters = [(place, answer) for place, answer in enumerate(answers) if answer is not None]
    groups = await equivalence.groups([answer for _, answer in voters])
    members = [tuple(voters[place][0] for place in group) for group in groups]
    return Vote(tuple(_answer_class(places, answers, weights) for places in members))


def _answer_class(
    places: tuple[int, ...], answers: Sequence[str | None], weights: Sequence[float]
) -> AnswerClass:
    representative = max(places, key=lambda place: weights[place])
    return AnswerClass(
        answer=answers[representative] or "",
        representative=representative,
        members=places,
        weight=fsum(weights[place] for place in places),
    )
