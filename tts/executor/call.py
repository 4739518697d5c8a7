"""A node about to be carried out: its key, its worst case, its place in the queues."""

from __future__ import annotations

from typing import Any

from tts.budget import Ticket
from tts.executor.key import draw_key, placed_key, pure_key, seed_of
from tts.executor.shared import Shared
from tts.graph import Node
from tts.protocols import SENT, Draw, Operation
from tts.run import Run
from tts.values import NOTHING, Candidate, Usage


class Call:
    """One use of an operation by one node of one run."""

    __slots__ = (
        "alone",
        "args",
        "draw",
        "first",
        "id",
        "key",
        "node",
        "operation",
        "placed",
        "run",
        "shared",
        "ticket",
        "worst",
    )

    def __init__(self, node: Node[Any], run: Run, operation: Operation) -> None:
        self.node, self.run, self.operation = node, run, operation
        self.ticket: Ticket
        self.shared: Shared
        self.id = run.id_of(node)
        self.first = node.position == 0
        """Whether it carries the prompt of its `sample(n=k)`."""
        self.placed = operation.spec.effect in ("write", "irreversible")
        """Whether repeating it may do harm."""
        self.args: tuple[Any, ...] = ()
        self.worst: Usage = NOTHING
        self.alone: Usage = NOTHING
        """The worst case of a request for this draw alone: with its prompt, whoever carries it."""
        self.key = ""
        self.draw: Draw

    @property
    def recorded(self) -> bool:
        """Whether an earlier process finished it, and wrote down that this node used it."""
        return self.run.settings.recorded.keys.get(self.id) == self.key

    @property
    def unknown(self) -> bool:
        """Whether an earlier process sent it, must not send it again, and left no answer."""
        outcomes = self.run.settings.recorded.outcomes
        return self.placed and f"{self.id}{SENT}" in outcomes

    @property
    def priority(self) -> tuple[float, int, int]:
        """The longest path behind it first, where a plan knows it; then deeper, then older."""
        depths = (arg.depth + 1 for arg in self.args if isinstance(arg, Candidate))
        return (-self.node.priority, -max(depths, default=0), self.node.ordinal)

    def bind(self) -> None:
        """Resolve the arguments and find the key; equal draws of a Run count up."""
        run = self.run
        self.shared = Shared.of(self.node, self.operation)
        self.args, base = self.shared.args, self.shared.base
        index = 0
        if self.placed:
            self.key = placed_key(base, run_id=run.settings.run_id, node=self.id)
        elif self.shared.stochastic:
            index = run.draws.get(base, 0)
            run.draws[base] = index + 1
            self.key = draw_key(base, seed=run.settings.seed, path=run.path, index=index)
        else:
            self.key = pure_key(base)
        self.draw = Draw(index, seed_of(self.key))
