"""Selection rules: one candidate out of those that finished."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from tts.errors import Dropped, LedgerError, Stopped, UsageError
from tts.graph import Outcome
from tts.run import Run
from tts.values import Candidate, Kept, Score, Scored
from tts.voting import Aggregate, Vote, majority_vote, select_best, weighted_vote

Judged = Kept | Scored
"""A candidate with its score, where it has one."""

Select = Callable[[Sequence[Judged], Run], Awaitable[Candidate | None]]


def judged(draft: Candidate, score: Outcome[Score]) -> Judged:
    """A draft with its verdict; without one where the verifier failed, which takes no answer away."""
    if score.value is not None:
        return Scored(draft, score.value)
    if isinstance(score.error, Stopped | UsageError | LedgerError | Dropped):
        raise score.error
    return Kept(draft)


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
    """The finished candidate with the highest score; the vote where no answer is scored.

    With `how`, PRM-`how`-max: the step scores are aggregated anew.
    """
    best = select_best(_scored(kept), how=how)
    if best is not None and best.candidate.answer is not None:
        return best.candidate
    return await _unscored(kept, run) or (best.candidate if best else None)


async def most_weighted(
    kept: Sequence[Judged], run: Run, *, how: Aggregate | None = None
) -> Candidate | None:
    """A candidate of the answer with the greatest sum of scores; with `how`, PRM-`how`-vote. The
    vote of all where no answer is scored."""
    scored = _scored(kept)
    candidates = [entry.candidate for entry in scored]
    winner = _winner(await weighted_vote(scored, run.equivalence, how=how), candidates)
    return winner or await _unscored(kept, run)


async def _unscored(kept: Sequence[Judged], run: Run) -> Candidate | None:
    """The choice where no verdict helps: the vote, or an answer that was forced."""
    return await most_voted(kept, run) or await first_answered(kept, run)


def _scored(kept: Sequence[Judged]) -> list[Scored]:
    return [Scored(entry.candidate, entry.score) for entry in kept if entry.score is not None]


def _winner(vote: Vote, candidates: Sequence[Candidate]) -> Candidate | None:
    return candidates[vote.winner.representative] if vote.winner else None
