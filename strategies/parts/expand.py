"""Children of a candidate, scored."""

from __future__ import annotations

from tts.errors import Dropped
from tts.graph import Node, Outcome
from tts.run import Run, Until
from tts.strategies.distinct import distinct
from tts.strategies.lookahead import look_ahead
from tts.strategies.values_of import values_of
from tts.values import Candidate, Problem, Score, Scored


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
    score = next(iter(values_of([scores[place]])), None)
    if score is None:
        raise scores[place].error or Dropped("Not scored.")
    if twin:
        run.kept.score(child, score)
    return Scored(child, score)
