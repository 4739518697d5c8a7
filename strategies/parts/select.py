"""Selection rules: one candidate out of those that finished, and the rules by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Literal, get_args

from tts.answers import Aggregate, Vote, majority_vote, select_best, weighted_vote
from tts.errors import Dropped, LedgerError, Stopped, UsageError
from tts.run import Node, Outcome, Run
from tts.values import Candidate, Kept, Score, Scored

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


def with_verdict(run: Run, draft: Candidate | Node[Candidate], *, scored: bool) -> Node[Judged]:
    """The node that will hold a draft, with its verdict where its selection is `scored`."""
    if scored:
        return run.call(judged, draft, run.score(draft))
    return run.call(Kept, draft)


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


async def best_scored(
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


Choice = Literal["best", "majority", "weighted"]
"""The highest score, the most frequent answer, or the answer with the greatest sum of scores."""

CHOICES: dict[Choice, Select] = {
    "best": best_scored,
    "majority": most_voted,
    "weighted": most_weighted,
}


def chosen(name: Choice, aggregate: Aggregate | None = None) -> Select:
    """The rule of that name; ValueError names the known ones.

    `aggregate` makes `best` and `weighted` the PRM-X-max and PRM-X-vote of Liu et al. (2025); None
    takes the verifier's own value.
    """
    if name not in CHOICES:
        raise ValueError(f"select is one of {', '.join(CHOICES)}, not {name!r}.")
    if aggregate is None:
        return CHOICES[name]
    if aggregate not in get_args(Aggregate):
        known = ", ".join(get_args(Aggregate))
        raise ValueError(f"aggregate is one of {known}, not {aggregate!r}.")
    if name == "majority":
        raise ValueError("A majority weighs nothing: aggregate goes with best or weighted.")
    return partial(best_scored if name == "best" else most_weighted, how=aggregate)


def highest_scored(scored: Iterable[Scored], k: int) -> list[Scored]:
    """The `k` highest scored, best first; of equals the one submitted first."""
    return sorted(scored, key=lambda one: -one.score.value)[:k]


def split_finished(scored: Iterable[Scored]) -> tuple[list[Scored], list[Scored]]:
    """Those that ended by themselves, and the others: a truncated text is among the others."""
    done: list[Scored] = []
    live: list[Scored] = []
    for one in scored:
        (done if one.candidate.final else live).append(one)
    return done, live
