"""Choosing among candidates: votes over answer classes and the highest score."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite, prod
from typing import Literal, Protocol, assert_never

from msgspec import Struct

from tts.values import Candidate, Scored

Aggregate = Literal["last", "min", "prod", "mean"]
"""How step scores become one score (Lightman et al., 2023; Snell et al., 2024, section 5.1)."""


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


class Grouping(Protocol):
    """Sorts answers into classes; `tts.equivalence.Equivalence` is one."""

    async def groups(self, answers: Sequence[str]) -> list[list[int]]:
        """Positions of equal answers, classes and members in order of first appearance."""
        ...


async def majority_vote(candidates: Sequence[Candidate | None], equivalence: Grouping) -> Vote:
    """Self-consistency (Wang et al., 2022): the answer that most finished candidates give.

    None stands for a failed call, which is no wrong answer; positions are those of `candidates`.
    """
    return await vote(ballots(candidates), [1.0] * len(candidates), equivalence)


async def weighted_vote(
    scored: Sequence[Scored | None], equivalence: Grouping, *, how: Aggregate | None = None
) -> Vote:
    """Weighted best-of-N (Li et al., 2022): scores summed over equal answers (PRM-`how`-vote).

    `how` aggregates the step scores anew; None takes each score's value. None in `scored` stands
    for a failed call.
    """
    answers = ballots([item.candidate if item else None for item in scored])
    weights = [rating(item, how) if item else 0.0 for item in scored]
    return await vote(answers, weights, equivalence)


def ballots(candidates: Sequence[Candidate | None]) -> list[str | None]:
    """The answer that each position votes for, None where it has no vote.

    No vote: a failed call (None), a text that was cut, a text without an answer, and every
    appearance of one draw after its first, as where a beam was padded with copies.
    """
    seen: set[str] = set()
    votes: list[str | None] = []
    for candidate in candidates:
        counts = candidate is not None and is_finished(candidate) and candidate.key not in seen
        votes.append(candidate.answer if candidate is not None and counts else None)
        if candidate is not None:
            seen.add(candidate.key)
    return votes


def is_finished(candidate: Candidate) -> bool:
    """Whether a candidate ended by itself rather than at its token limit."""
    return candidate.final and candidate.finish_reason != "length"


def select_best(scored: Sequence[Scored | None], *, how: Aggregate | None = None) -> Scored | None:
    """Best-of-N (PRM-`how`-max): the highest score, of equals the earliest submitted.

    Finished candidates with an answer go before finished ones without, and these before cut ones.
    """
    items = [item for item in scored if item is not None]
    return max(items, key=lambda item: (*_standing(item), rating(item, how)), default=None)


def _standing(item: Scored) -> tuple[bool, bool]:
    finished = is_finished(item.candidate)
    return finished, finished and item.candidate.answer is not None


def rating(scored: Scored, how: Aggregate | None = None) -> float:
    """The verifier's own value, or its step scores aggregated anew where it gave any."""
    steps = scored.score.steps
    return aggregate(steps, how) if how is not None and steps else scored.score.value


def aggregate(steps: Sequence[float], how: Aggregate) -> float:
    """The score of a solution from those of its steps; ValueError where there is no step."""
    if not steps:
        raise ValueError("A solution without step scores has no aggregate.")
    match how:
        case "last":
            return steps[-1]
        case "min":
            return min(steps)
        case "prod":
            return prod(steps)
        case "mean":
            return fsum(steps) / len(steps)
    assert_never(how)
