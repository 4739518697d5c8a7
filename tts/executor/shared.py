"""What equal draws have in common."""

from __future__ import annotations

from typing import Any

from tts.executor.key import base_key
from tts.graph import Group, Node
from tts.protocols import Operation
from tts.values import Usage


class Shared:
    """Arguments, base key and worst cases of a call; one for all draws of a `sample`."""

    __slots__ = ("alone", "args", "base", "beside", "identity", "stochastic")

    def __init__(self, operation: Operation, args: tuple[Any, ...]) -> None:
        self.args = args
        self.identity = operation.identity(args)
        self.base = base_key(operation.spec, self.identity)
        self.stochastic = operation.stochastic(args)
        self.alone: Usage | None = None
        """The worst case with the prompt."""
        self.beside: Usage | None = None
        """The worst case of a draw whose prompt another one carries."""

    @classmethod
    def of(cls, node: Node[Any], operation: Operation) -> Shared:
        group = node.group
        if not isinstance(group, Group):
            return cls(operation, node.resolved_args())
        if group.shared is None:
            group.shared = cls(operation, node.resolved_args())
        found: Shared = group.shared
        return found
