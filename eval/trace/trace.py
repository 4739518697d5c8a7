"""A run as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from tts.values import NOTHING, Usage

Fate = Literal["chosen", "finished", "cut", "continued", "repeated", "pruned"]
"""chosen: holds the answer; finished: ended by itself; cut: stopped at its token limit;
continued: has children; repeated: an earlier sibling had its text; pruned: nothing came of it."""


class TraceNode(Struct, frozen=True, kw_only=True):
    """One drawn step or solution, what it cost and what came of it."""

    key: str
    node: str
    """Of the graph, as the ledger names it."""
    text: str
    """What the draw added."""
    fate: Fate
    model: str = ""
    answer: str | None = None
    value: float | None = None
    """The verifier's; None: not scored, or the run has not ended."""
    steps: tuple[float, ...] = ()
    drawn: Usage = NOTHING
    """Attributed use of the draw."""
    scored: Usage = NOTHING
    """Attributed use of scoring it."""
    on_path: bool = False
    """Whether it leads to the answer."""
    children: tuple[TraceNode, ...] = ()

    @property
    def own(self) -> Usage:
        return self.drawn + self.scored

    @property
    def below(self) -> Usage:
        """Of this node and all that grew out of it."""
        return sum((child.below for child in self.children), self.own)

    def walk(self) -> Iterator[TraceNode]:
        """This node and its descendants, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


class OtherCalls(Struct, frozen=True):
    """Calls that are no candidates: judgements, embeddings, tools."""

    role: str
    name: str
    count: int
    usage: Usage


class RunLine(Struct, frozen=True, kw_only=True):
    """One recorded run in a list."""

    run_id: str
    problem_id: str
    strategy: str
    """Canonical JSON."""
    budget: str
    replicate: int
    stopped_by: str | None
    answer: str | None
    usage: Usage | None
    error: str | None = None
    """Why the run has no answer, where it failed or was cut short."""


class Trace(Struct, frozen=True, kw_only=True):
    """A recorded run."""

    run: RunLine
    roots: tuple[TraceNode, ...]
    others: tuple[OtherCalls, ...]
    notes: tuple[str, ...]
    """Refused and failed calls, as they were worded."""
    usage: Usage
    """Attributed, of every call."""

    def nodes(self) -> Iterator[TraceNode]:
        """Every candidate, parents first."""
        for root in self.roots:
            yield from root.walk()
