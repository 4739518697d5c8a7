"""Children of a candidate, scored."""

from __future__ import annotations

from tts.graph import Node
from tts.run import Run, Until
from tts.strategies.distinct import distinct
from tts.strategies.lookahead import look_ahead
from tts.values import Candidate, Problem, Scored


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
        repeats: whether equal texts stay apart; otherwise all but the first fail as `Dropped`
            before they are scored.
        lookahead: greedy steps behind each child; the score is that of the text they lead to.
    """
    children = run.sample(source, n=n, until=until)
    if not repeats:
        children = [run.call(distinct, child, children[:i]) for i, child in enumerate(children)]
    steps = lookahead if until == "step" else 0
    ahead = [look_ahead(run, child, steps) for child in children]
    return [
        run.call(Scored, child, run.score(reached))
        for child, reached in zip(children, ahead, strict=True)
    ]
