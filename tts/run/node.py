"""A node of the graph: one call, its inputs and what became of it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator, Iterable
from functools import lru_cache
from typing import Any, Generic, Literal, Protocol, TypeVar

from tts.errors import Outage, TTSError, kept, raised_again
from tts.protocols import Operation

T = TypeVar("T")
State = Literal["waiting", "ready", "running", "done", "failed", "refused", "dropped"]
Listener = Callable[["Node[Any]"], None]


class Outcome(Generic[T]):
    """What a parameter annotated `Outcome[T]` receives: a value, or the error instead of it."""

    __slots__ = ("error", "value")

    def __init__(self, value: T | None = None, error: Exception | None = None) -> None:
        self.value = value
        self.error = error

    @property
    def ok(self) -> bool:
        return self.error is None


def outcome_parameters(function: Callable[..., Any]) -> frozenset[int]:
    """Positions of the parameters that take an `Outcome`, so that a failed input reaches them.

    `Outcome[T]` may stand inside `list[…]` or `dict[…]`. A wrapper takes what it wraps takes.
    """
    function = getattr(function, "__wrapped__", function)
    try:
        return _outcome_parameters(function)
    except TypeError:
        return _outcome_parameters.__wrapped__(function)


@lru_cache(maxsize=4096)
def _outcome_parameters(function: Callable[..., Any]) -> frozenset[int]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return frozenset()
    texts = (str(parameter.annotation) for parameter in parameters)
    return frozenset(i for i, text in enumerate(texts) if "Outcome[" in text)


class Group:
    """What nodes that were submitted together have in common, worked out once."""

    __slots__ = ("foreseen", "shared")

    def __init__(self) -> None:
        self.foreseen: Any = None
        """The cost of each while inputs are open."""
        self.shared: Any = None
        """What is known of all once they are there. Both are kept for whoever carries nodes out."""


class Owner(Protocol):
    """What a node tells about itself: a Run."""

    place: tuple[int, ...]
    """Where nodes submitted now stand in the canonical order, behind all earlier ones."""

    def node_awaited(self, node: Node[Any]) -> None: ...

    def node_ready(self, node: Node[Any]) -> None: ...

    def node_settled(self, node: Node[Any]) -> None: ...


class Node(Generic[T]):
    """A call on the graph. Awaiting it gives its value; passing it to a call makes an edge.

    It becomes ready when its last input is done. A failed input fails it unsent (`blocked`), unless
    the parameter that it stands for is an `Outcome`; an outage fails it all the same, since what it
    would say is to be asked again.

    A graph holds many nodes at once and the collector walks them all: what most nodes have none of
    is shared or None.
    """

    __slots__ = (
        "args",
        "blocked",
        "check",
        "error",
        "function",
        "group",
        "hearers",
        "inputs",
        "lineage",
        "listeners",
        "max_text_tokens",
        "name",
        "operation",
        "ordinal",
        "owner",
        "place",
        "position",
        "priority",
        "settled",
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
        group: Group | None = None,
        position: int = 0,
        free: bool = False,
    ) -> None:
        self.owner, self.ordinal, self.name = owner, ordinal, name
        self.args, self.function, self.operation = args, function, operation
        self.group, self.position = group, position
        self.state: State = "waiting"
        self.settled = False
        self.check: Callable[[Any], None] | None = None
        """Raises for a value that is none of what was asked for: the node fails with that."""
        self.value: Any = None
        self.error: Exception | None = None
        self.listeners: Listener | list[Listener] | None = None
        """Who is told once it has settled; most nodes have one."""
        self.hearers: tuple[Callable[[str], None], ...] = ()
        """Who wants the text as it grows."""
        self.inputs: tuple[Node[Any], ...] = tuple(nodes_in(args))
        self.priority = 0.0
        """Seconds that a plan expects from its start to the end of the longest path behind it."""
        self.max_text_tokens = 0
        """The most tokens of text that this node's value may still grow to hold."""
        self.waiting = 0
        self.blocked: Node[Any] | None = None
        """The failed input, where one keeps this node from starting."""
        self.place = owner.place
        self.lineage = self._lineage(free)
        """Place in the canonical order: right behind the latest input submitted beside it."""

    def wire(self) -> None:
        """Subscribe to the inputs; an already settled one counts at once."""
        self.waiting = len(self.inputs)
        if not self.waiting:
            self._ready()
            return
        listener = self._input_settled
        for node in self.inputs:
            node.listen(listener)

    def listen(self, listener: Listener) -> None:
        """Call back once settled, at once where it already is."""
        if self.settled:
            listener(self)
        elif self.listeners is None:
            self.listeners = listener
        elif isinstance(self.listeners, list):
            self.listeners.append(listener)
        else:
            self.listeners = [self.listeners, listener]

    def hear(self, hearer: Callable[[str], None]) -> None:
        """Call back with each piece of text that a streamed answer brings."""
        self.hearers = (*self.hearers, hearer)

    def resolve(self, value: T) -> None:
        if self.settled:
            return
        try:
            if self.check is not None:
                self.check(value)
        except TTSError as error:
            self.fail(error)
        else:
            self.value = value
            self._settle("done")

    def fail(self, error: Exception, state: State = "failed") -> None:
        if not self.settled:
            self.error = kept(error)
            self._settle(state)

    def pass_on(self) -> bool:
        """Fail with the input that failed, where one did; True where that settles the node."""
        if self.blocked is not None and self.blocked.error is not None:
            self.fail(self.blocked.error, self.blocked.state)
        return self.settled

    def resolved_args(self) -> tuple[Any, ...]:
        """The arguments with every node replaced by its value, or by its outcome."""
        if not self.inputs:
            return self.args
        if self.function is None:
            return tuple([substituted(arg, _value) for arg in self.args])
        tolerant = outcome_parameters(self.function)
        return tuple(
            substituted(arg, _outcome if i in tolerant else _value)
            for i, arg in enumerate(self.args)
        )

    def __await__(self) -> Generator[Any, Any, T]:
        self.owner.node_awaited(self)
        if not self.settled:
            waiter = asyncio.get_running_loop().create_future()
            self.listen(lambda _: None if waiter.done() else waiter.set_result(None))
            yield from waiter
        if self.error is not None:
            raise raised_again(self.error)
        return self.value  # type: ignore[no-any-return]

    def _input_settled(self, node: Node[Any]) -> None:
        if self.settled or self.blocked is not None:
            return
        if isinstance(node.error, Outage) or (node.error is not None and not self._tolerates(node)):
            self.blocked = node
            self._ready()
            return
        self.waiting -= 1
        if self.waiting == 0:
            self._ready()

    def _lineage(self, free: bool) -> tuple[int, ...]:
        """A function of what was submitted and awaited, never of what has settled by now.

        Inputs submitted before the last await are known to the order already. A free node takes
        no place of its own, so that long chains of them stay short.
        """
        beside = [node.lineage for node in self.inputs if node.place == self.place]
        if not beside:
            return (*self.place, self.ordinal)
        return max(beside) if free else (*max(beside), self.ordinal)

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
        self.state, self.settled = state, True
        listeners, self.listeners = self.listeners, None
        self.owner.node_settled(self)
        if isinstance(listeners, list):
            for listener in listeners:
                listener(self)
        elif listeners is not None:
            listeners(self)


def _value(node: Node[Any]) -> Any:
    return node.value


def _outcome(node: Node[Any]) -> Outcome[Any]:
    return Outcome(node.value, node.error)


def nodes_in(args: Iterable[Any]) -> list[Node[Any]]:
    """The nodes among arguments, inside lists, tuples and dicts as well, in order."""
    found: list[Node[Any]] = []
    for arg in args:
        if isinstance(arg, Node):
            found.append(arg)
        elif type(arg) in (list, tuple):
            found += nodes_in(arg)
        elif type(arg) is dict:
            found += nodes_in(arg.values())
    return found


def substituted(arg: Any, value: Callable[[Any], Any]) -> Any:
    """An argument with its nodes replaced by `value(node)`; typed values, never text."""
    if isinstance(arg, Node):
        return value(arg)
    if type(arg) in (list, tuple) and nodes_in(arg):
        return type(arg)([substituted(item, value) for item in arg])
    if type(arg) is dict and nodes_in(arg.values()):
        return {name: substituted(item, value) for name, item in arg.items()}
    return arg


def function_name(function: Any) -> str:
    """How a local function is called in traces."""
    return str(getattr(function, "__name__", type(function).__name__))
