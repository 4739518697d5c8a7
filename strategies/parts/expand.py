"""Children of a candidate: how many the budget affords, and how they are drawn, told apart, looked
ahead from and scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, floor, fsum
from typing import TypeVar

from tts.errors import BudgetExhausted, Dropped, LedgerError, Stopped, UsageError
from tts.run import Node, Outcome, Run, Until, picks
from tts.values import Candidate, Problem, Score, Scored, in_words

STEPS = 8
"""Steps that a solution is taken to have under a ceiling on calls."""


def affordable_width(run: Run, n: int, draws: int = 2) -> int:
    """`n`, or as many candidates as what is left could take from the problem to their end.

    Never less than two, since one leaves nothing to choose from. Read between two rounds, so that
    a small budget makes a search narrower instead of ending it in its first rounds.

    Args:
        run: the Run whose ceilings count; without any the width is `n`.
        n: the width wanted.
        draws: whole draws that a candidate is reckoned at: itself, its scores, its lookahead.

    Raises:
        BudgetExhausted: room for less than one candidate; `finish` makes the closing draw.
    """
    width = n
    for dimension, left in run.left.items():
        one = draws * run.may_need(dimension)
        if left < one:
            raise BudgetExhausted(in_words(dimension, one), in_words(dimension, left))
        whole = one * (STEPS if dimension == "calls" else 1)
        if whole * n > left:
            width = min(width, max(2, left // whole))
    return width


def largest_remainder(weights: Sequence[float], total: int) -> list[int]:
    """Whole numbers that sum to `total`, as proportional to the weights as they can be.

    Hamilton's method: everyone gets the whole part of the exact share, the rest goes to the
    largest fractions, of equals to the first. Weights that sum to nothing count as equal.
    """
    whole = fsum(weights)
    fair = [w / whole if whole > 0 else 1 / len(weights) for w in weights]
    exact = [share * total for share in fair]
    given = [floor(amount + 1e-9) for amount in exact]
    behind = sorted(range(len(given)), key=lambda i: (round(given[i] - exact[i], 9), i))
    for place in behind[: total - sum(given)]:
        given[place] += 1
    return given


def normalised(logs: Sequence[float]) -> list[float]:
    """exp of each, scaled to sum to 1: the softmax."""
    highest = max(logs)
    raw = [exp(value - highest) for value in logs]
    whole = fsum(raw)
    return [value / whole for value in raw]


def expand(
    run: Run,
    source: Problem | Candidate,
    n: int,
    *,
    until: Until = "step",
    repeats: bool = False,
    lookahead: int = 0,
) -> list[Node[Scored]]:
    """Draw `n` children; each is scored as soon as it, and what it is compared with, are there.

    Args:
        run: the Run that draws.
        source: what is continued.
        n: draws.
        until: the end of the next step, or of the solution.
        repeats: whether an unfinished child with an earlier sibling's text stays, or fails as
            `Dropped`. A finished one always stays, and has its vote. Either way equal texts are
            scored once.
        lookahead: greedy steps behind each child; the score is that of the text they lead to.
    """
    drawn = run.sample(source, n=n, until=until)
    fresh = [run.call(distinct, child, drawn[:i]) for i, child in enumerate(drawn)]
    steps = lookahead if until == "step" else 0
    scores = [run.score(look_ahead(run, child, steps)) for child in fresh]
    return [
        run.call(twin_scored, child, drawn[:i], scores[: i + 1], repeats, run)
        for i, child in enumerate(drawn)
    ]


def twin_scored(
    child: Candidate,
    earlier: list[Outcome[Candidate]],
    scores: list[Outcome[Score]],
    repeats: bool,
    run: Run,
) -> Scored:
    """A child with its own score, the last, or with that of the first sibling of the same text."""
    twins = (i for i, one in enumerate(earlier) if one.value and one.value.text == child.text)
    place = next(twins, len(earlier))
    twin = place < len(earlier)
    if twin and not (repeats or child.final):
        raise Dropped("An earlier sibling has the same text.")
    score = next(iter(successes([scores[place]])), None)
    if score is None:
        raise scores[place].error or Dropped("Not scored.")
    if twin:
        run.kept.score(child, score)
    return Scored(child, score)


@picks
def distinct(draft: Candidate, earlier: list[Outcome[Candidate]]) -> Candidate:
    """The draft, unless an earlier sibling has the same text; then `Dropped`, and never scored."""
    if any(outcome.value and outcome.value.text == draft.text for outcome in earlier):
        raise Dropped("An earlier draft has the same text.")
    return draft


def look_ahead(run: Run, draft: Node[Candidate], steps: int) -> Node[Candidate]:
    """The draft continued greedily by at most `steps` steps, fewer where it ends before."""
    path = [draft]
    for _ in range(steps):
        path += run.sample(run.call(unfinished, path[-1]), until="step", temperature=0.0)
    return run.call(furthest, path) if steps else draft


@picks
def unfinished(candidate: Candidate) -> Candidate:
    """The candidate, unless it is final; then `Dropped`, so that nothing continues it."""
    if candidate.final:
        raise Dropped("The candidate is final.")
    return candidate


@picks
def furthest(path: list[Outcome[Candidate]]) -> Candidate:
    """The last candidate of a path that was drawn; a refusal on the way is passed on."""
    reached = successes(path)
    if not reached:
        raise path[0].error or Dropped("Nothing was drawn.")
    return reached[-1]


T = TypeVar("T")


def successes(outcomes: Sequence[Outcome[T]]) -> list[T]:
    """The values, in order; a failed call is left out, what must end the run is raised."""
    for outcome in outcomes:
        if isinstance(outcome.error, Stopped | UsageError | LedgerError):
            raise outcome.error
    return [outcome.value for outcome in outcomes if outcome.value is not None]


def rounds(most: int) -> Iterator[Until]:
    """A step per round; the last round runs every live candidate to its end."""
    return (until_at(turn, most) for turn in range(1, most + 1))


def until_at(depth: int, most: int) -> Until:
    """Where the draw of the `depth`-th step ends, counted from 1."""
    return "end" if depth >= most else "step"
