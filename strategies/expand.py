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
        repeats: whether equal texts are scored apart. Otherwise only the first is: a later
            unfinished one fails as `Dropped`, a finished one has its score and so its own vote.
        lookahead: greedy steps behind each child; the score is that of the text they lead to.
    """
    drawn = run.sample(source, n=n, until=until)
    children = drawn
    if not repeats:
        children = [run.call(distinct, child, drawn[:i]) for i, child in enumerate(drawn)]
    steps = lookahead if until == "step" else 0
    scores = [run.score(look_ahead(run, child, steps)) for child in children]
    if repeats:
        return [run.call(Scored, *pair) for pair in zip(drawn, scores, strict=True)]
    return [
        run.call(twin_scored, child, drawn[:i], scores[:i], scores[i], run)
        for i, child in enumerate(drawn)
    ]


def twin_scored(
    child: Candidate,
    earlier: list[Outcome[Candidate]],
    scores: list[Outcome[Score]],
    own: Outcome[Score],
    run: Run,
) -> Scored:
    """A child with its own score, or finished with that of the first sibling of the same text."""
    if values_of([own]):
        return Scored(child, values_of([own])[0])
    twins = (i for i, one in enumerate(earlier) if one.value and one.value.text == child.text)
    place = next(twins, None)
    if place is None or not child.final:
        raise own.error or Dropped("Not scored.")
    score = next(iter(values_of([scores[place]])), None)
    if score is None:
        raise scores[place].error or Dropped("Not scored.")
    run.kept.score(child, score)
    return Scored(child, score)
