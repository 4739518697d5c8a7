"""A node about to be carried out: its key, its worst case, its place in the queues."""

from __future__ import annotations

from typing import Any

from tts.budget import Ticket
from tts.executor.key import base_key, draw_key, placed_key, pure_key, seed_of
from tts.graph import Node
from tts.protocols import Draw, Operation
from tts.run import Run
from tts.values import NOTHING, Candidate, Usage

SENT = ":sent"
"""Ends the id under which an outcome says that a call with an effect was sent."""


class Call:
    """One use of an operation by one node of one run."""

    __slots__ = ("alone", "args", "draw", "key", "node", "operation", "run", "ticket", "worst")

    def __init__(self, node: Node[Any], run: Run, operation: Operation) -> None:
        self.node, self.run, self.operation = node, run, operation
        self.ticket: Ticket
        self.args: tuple[Any, ...] = ()
        self.worst: Usage = NOTHING
        self.alone: Usage = NOTHING
        """The worst case of a request for this draw alone: with its prompt, whoever carries it."""
        self.key = ""
        self.draw = Draw(0, 0)

    @property
    def first(self) -> bool:
        """Whether it carries the prompt of its `sample(n=k)`."""
        return self.node.position == 0

    @property
    def id(self) -> str:
        return self.run.id_of(self.node)

    @property
    def unknown(self) -> bool:
        """Whether an earlier process sent it, must not send it again, and left no answer."""
        outcomes = self.run.settings.recorded.outcomes
        return self.placed and f"{self.id}{SENT}" in outcomes

    @property
    def placed(self) -> bool:
        """Whether repeating it may do harm."""
        return self.operation.spec.effect in ("write", "irreversible")

    @property
    def priority(self) -> tuple[int, int]:
        """Deeper first, then older."""
        depths = (arg.depth + 1 for arg in self.args if isinstance(arg, Candidate))
        return (-max(depths, default=0), self.node.ordinal)

    def bind(self) -> None:
        """Resolve the arguments and find the key; equal draws of a Run count up."""
        operation, run = self.operation, self.run
        self.args = self.node.resolved_args()
        base = base_key(operation.spec, operation.identity(self.args))
        index = 0
        if self.placed:
            self.key = placed_key(base, run_id=run.settings.run_id, node=self.id)
        elif operation.stochastic(self.args):
            index = run.draws.get(base, 0)
            run.draws[base] = index + 1
            self.key = draw_key(base, seed=run.settings.seed, path=run.path, index=index)
        else:
            self.key = pure_key(base)
        self.draw = Draw(index, seed_of(self.key))
