"""A scheduler that sends nothing: pessimistic values, worst-case cost."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from tts.errors import Dropped
from tts.executor.attempts import Pricer
from tts.executor.call import Call
from tts.executor.settlement import fail_node
from tts.graph import Node
from tts.protocols import OutcomeRow
from tts.run import Run
from tts.run.reach import text_before
from tts.values import NOTHING, Event, Usage


class DryCall(Struct, frozen=True):
    """One call that would be sent, at worst."""

    id: str
    name: str
    role: str
    model: str
    depth: int
    """Calls on the longest path that leads to it, itself included."""
    inputs: tuple[str, ...]
    worst: Usage


class DryScheduler:
    """Runs a strategy's shape. Each call answers with the longest text, never final before its
    round limit, all answers different and all scores equal."""

    def __init__(self, price: Pricer) -> None:
        self.price = price
        self.calls: list[DryCall] = []
        self._depths: dict[Node[Any], int] = {}
        self._queue: deque[tuple[Node[Any], Run]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._draining = False

    @property
    def worst(self) -> Usage:
        return sum((call.worst for call in self.calls), NOTHING)

    def now(self) -> float:
        return 0.0

    def foresee(self, node: Node[Any], run: Run) -> None:
        """Nothing is reserved."""

    def ready(self, node: Node[Any], run: Run) -> None:
        self._queue.append((node, run))
        if self._draining:
            return
        self._draining = True
        try:
            while self._queue:
                self._start(*self._queue.popleft())
        finally:
            self._draining = False

    def drop(self, node: Node[Any], run: Run) -> None:
        node.fail(Dropped(f"{node.name} was dropped."), "dropped")

    def spawn(self, coroutine: Coroutine[Any, Any, Any], run: Run) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def landed(self, run: Run) -> None:
        """Nothing flies."""

    async def decide(self, run: Run, outcome: OutcomeRow) -> None:
        """Nothing is journalled."""

    def observe(self, event: Event) -> None:
        """Nobody watches."""

    def _start(self, node: Node[Any], run: Run) -> None:
        if node.pass_on():
            return
        before = max((self._depths.get(parent, 0) for parent in node.inputs), default=0)
        self._depths[node] = before + (node.operation is not None)
        try:
            if node.operation is not None:
                self._pretend(node, run)
            elif node.function is not None:
                self._run_locally(node, run)
        except Exception as error:  # noqa: BLE001 — the strategy's own code may raise anything
            fail_node(node, error)

    def _pretend(self, node: Node[Any], run: Run) -> None:
        assert node.operation is not None
        call = Call(node, run, node.operation)
        call.bind()
        spec = node.operation.spec
        worst = self.price(spec.model, at_worst(call))
        run.account.charge(worst)
        self.calls.append(
            DryCall(
                id=call.id,
                name=spec.name,
                role=spec.role,
                model=spec.model,
                depth=self._depths[node],
                inputs=tuple(run.id_of(parent) for parent in node.inputs),
                worst=worst,
            )
        )
        reply = node.operation.pretend(call.args, call.draw)
        node.resolve(node.operation.value(call.args, reply.content, call.key))

    def _run_locally(self, node: Node[Any], run: Run) -> None:
        assert node.function is not None
        value = node.function(*node.resolved_args())
        if inspect.isawaitable(value):
            self.spawn(self._await_locally(node, value), run)
        else:
            node.resolve(value)

    async def _await_locally(self, node: Node[Any], value: Any) -> None:
        try:
            node.resolve(await value)
        except Exception as error:  # noqa: BLE001 — the strategy's own code may raise anything
            fail_node(node, error)


def at_worst(call: Call) -> Usage:
    """The worst case of a call whose inputs are pretended: a real text of as many tokens may be
    cut into more of the reader's tokens than the pretended one."""
    worst = call.operation.worst(call.args, first=call.first)
    reach = text_before(call.node)
    if not reach or not call.first:
        return worst
    foreseen = call.operation.foresee(call.args, reach)
    most: dict[str, Any] = {n: larger(worst, foreseen, n) for n in Usage.__struct_fields__}
    return Usage(**most)


def larger(left: Usage, right: Usage, dimension: str) -> int | None:
    """The larger amount; unknown is not zero."""
    amounts = (getattr(left, dimension), getattr(right, dimension))
    return None if None in amounts else max(amounts)
