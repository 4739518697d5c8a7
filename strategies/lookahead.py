"""Where a candidate leads."""

from __future__ import annotations

from tts.errors import Dropped
from tts.graph import Node, Outcome
from tts.run import Run, picks
from tts.strategies.values_of import values_of
from tts.values import Candidate


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
    reached = values_of(path)
    if not reached:
        raise path[0].error or Dropped("Nothing was drawn.")
    return reached[-1]
