"""Selection rules: one candidate out of those that finished."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from tts.run import Run
from tts.values import Candidate, Kept, Scored
from tts.voting import Aggregate, Vote, majority_vote, select_best, weighted_vote

Judged = Kept | Scored
"""A candidate with its score, where it has one."""

Select = Callable[[Sequence[Judged], Run], Awaitable[Candidate | None]]


async def first_answered(kept: Sequence[Judged], run: Run) -> Candidate | None:
    """The first candidate with an answer."""
    return next((entry.candidate for entry in kept if entry.candidate.answer is not None), None)


async def last_answered(kept: Sequence[Judged], run: Run) -> Candidate | None:
    """The last finished candidate with an answer."""
    return await first_answered([entry for entry in reversed(kept) if entry.candidate.final], run)


async def most_voted(kept: Sequence[Judged], run: Run) -> Candidate | None:
    """A candidate of the answer that most finished candidates give."""
    candidates = [entry.candidate for entry in kept]
    return _winner(await majority_vote(candidates, run.equivalence), candidates)


async def highest_scored(
    kept: Sequence[Judged], run: Run, *, how: Aggregate | None = None
) -> Candidate | None:
    """The finished candidate with the highest score; unscored ones only where none is scored.

    With `how`, PRM-`how`-max: the step scores are aggregated anew.
    """
    best = select_best(_scored(kept), how=how)
    return best.candidate if best else await first_answered(kept, run)


async def most_weighted(
    kept: Sequence[Judged], run: Run, *, how: Aggregate | None = None
) -> Candidate | None:
    """A candidate of the answer with the greatest sum of scores; with `how`, PRM-`how`-vote."""
    scored = _scored(kept)
    candidates = [entry.candidate for entry in scored]
    winner = _winner(await weighted_vote(scored, run.equivalence, how=how), candidates)
    return winner or await first_answered(kept, run)


def _scored(kept: Sequence[Judged]) -> list[Scored]:
    return [Scored(entry.candidate, entry.score) for entry in kept if entry.score is not None]


def _winner(vote: Vote, candidates: Sequence[Candidate]) -> Candidate | None:
    return candidates[vote.winner.representative] if vote.winner else None
