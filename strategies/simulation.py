"""One simulation of a tree search: children of a leaf, and a rollout from the best of them."""

from __future__ import annotations

from msgspec import Struct

from tts.errors import Dropped
from tts.graph import Node, Outcome
from tts.run import Run, Until, picks
from tts.strategies.parts.expand import expand, unfinished, values_of
from tts.strategies.parts.select import top
from tts.values import Candidate, Problem, Scored


class Simulation(Struct, frozen=True):
    """What a simulation brought; both are empty where every call failed."""

    children: tuple[Scored, ...]
    rollout: Scored | None

    @property
    def end(self) -> Scored | None:
        """What is credited: the rollout, else the best child."""
        return self.rollout or next(iter(top(self.children, 1)), None)


def simulate(
    run: Run, source: Problem | Candidate, *, branching: int, until: Until
) -> Node[Simulation]:
    """Draw and score children; continue the best one to its end and score that."""
    children = expand(run, source, branching, until=until)
    best = run.call(best_child, children)
    [end] = run.sample(run.call(unfinished, best), until="end")
    rollout = run.call(Scored, end, run.score(end))
    return run.call(gathered, children, rollout)


@picks
def best_child(children: list[Outcome[Scored]]) -> Candidate:
    """The highest scored child; a refusal among them is passed on."""
    best = top(values_of(children), 1)
    if not best:
        raise Dropped("No child was drawn.")
    return best[0].candidate


def gathered(children: list[Outcome[Scored]], rollout: Outcome[Scored]) -> Simulation:
    """Whatever succeeded; a refusal among them is passed on."""
    ended = values_of([rollout])
    return Simulation(tuple(values_of(children)), ended[0] if ended else None)
