"""A node of the graph: one call, its inputs and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Generic, Literal, Protocol, TypeVar

from tts.graph.outcome import Outcome, outcome_parameters
from tts.graph.wiring import nodes_in, substituted
from tts.protocols import Operation

T = TypeVar("T")
State = Literal["waiting", "ready", "running", "done", "failed", "refused", "dropped"]
SETTLED: frozenset[State] = frozenset(("done", "failed", "refused", "dropped"))
Listener = Callable[["Node[Any]"], None]


class Owner(Protocol):
    """What a node tells about itself: a Run."""

    def node_ready(self, node: Node[Any]) -> None: ...

    def node_settled(self, node: Node[Any]) -> None: ...


class Node(Generic[T]):
    """A call on the graph. Awaiting it gives its value; passing it to a call makes an edge.

    It becomes ready when its last input is done. A failed input fails it unsent, unless the
    parameter that it stands for is an `Outcome`.
    """

    __slots__ = (
        "args",
        "error",
        "function",
        "group",
        "hearers",
        "inputs",
        "lineage",
        "listeners",
        "name",
        "operation",
        "ordinal",
        "owner",
        "position",
        "reach",
        "state",
        "value",
        "waiting",
    )

    def __init__(
        self,
        owner: Owner,
        *,
        ordinal: int,
        name: str,
        args: tuple[Any, ...] = (),
        function: Callable[..., Any] | None = None,
        operation: Operation | None = None,
        group: object = None,
        position: int = 0,
    ) -> None:
        self.owner, self.ordinal, self.name = owner, ordinal, name
        self.args, self.function, self.operation = args, function, operation
        self.group, self.position = group, position
        self.state: State = "waiting"
        self.value: Any = None
        self.error: Exception | None = None
        self.listeners: list[Listener] = []
        self.hearers: list[Callable[[str], None]] = []
        """Who wants the text as it grows."""
        self.inputs: tuple[Node[Any], ...] = tuple(nodes_in(args))
        self.reach = 0
        """The most tokens of text that this node's value may still grow to hold."""
        self.waiting = 0
        self.lineage: tuple[int, ...] = (ordinal,)
        """Place in the canonical order: right behind the latest input that was still open."""

    def wire(self) -> None:
        """Subscribe to the inputs; an already settled one counts at once."""
        open_inputs = [node for node in self.inputs if not node.settled]
        if open_inputs:
            self.lineage = (*max(node.lineage for node in open_inputs), self.ordinal)
        self.waiting = len(self.inputs)
        if not self.waiting:
            self._ready()
        for node in self.inputs:
            node.listen(self._input_settled)

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    def listen(self, listener: Listener) -> None:
        """Call back once settled, at once where it already is."""
        if self.settled:
            listener(self)
        else:
            self.listeners.append(listener)

    def hear(self, hearer: Callable[[str], None]) -> None:
        """Call back with each piece of text that a streamed answer brings."""
        self.hearers.append(hearer)

    def resolve(self, value: T) -> None:
        if not self.settled:
            self.value = value
            self._settle("done")

    def fail(self, error: Exception, state: State = "failed") -> None:
        if not self.settled:
            self.error = error
            self._settle(state)

    def resolved_args(self) -> tuple[Any, ...]:
        """The arguments with every node replaced by its value, or by its outcome."""
        if not self.inputs:
            return self.args
        tolerant = outcome_parameters(self.function) if self.function else frozenset()
        return tuple(
            Outcome(arg.value, arg.error)
            if i in tolerant and isinstance(arg, Node)
            else substituted(arg)
            for i, arg in enumerate(self.args)
        )

    def __await__(self) -> Generator[Any, Any, T]:
        if not self.settled:
            waiter = asyncio.get_running_loop().create_future()
            self.listeners.append(lambda _: None if waiter.done() else waiter.set_result(None))
            yield from waiter
        if self.error is not None:
            raise self.error.with_traceback(None)
        return self.value  # type: ignore[no-any-return]

    def _input_settled(self, node: Node[Any]) -> None:
        if self.settled:
            return
        if node.error is not None and not self._tolerates(node):
            self.fail(node.error, node.state)
            return
        self.waiting -= 1
        if self.waiting == 0:
            self._ready()

    def _tolerates(self, node: Node[Any]) -> bool:
        if self.function is None:
            return False
        positions = outcome_parameters(self.function)
        return all(i in positions for i, arg in enumerate(self.args) if node in nodes_in((arg,)))

    def _ready(self) -> None:
        if self.state == "waiting":
            self.state = "ready"
            self.owner.node_ready(self)

    def _settle(self, state: State) -> None:
        self.state = state
        listeners, self.listeners = self.listeners, []
        self.owner.node_settled(self)
        for listener in listeners:
            listener(self)
