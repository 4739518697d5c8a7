"""A scheduler that sends nothing: pessimistic values, worst-case cost."""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict, deque
from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from tts.errors import Dropped
from tts.executor.attempts import Pricer
from tts.executor.call import Call
from tts.executor.settlement import fail_node
from tts.protocols import OutcomeRow
from tts.run import Node, Run, text_before
from tts.values import NOTHING, Candidate, Event, Usage


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
        self._behind: dict[str, int] = {}
        """By path of a Run: the depth that its strategy has waited for so far."""
        self._awaited: dict[str, list[Node[Any]]] = defaultdict(list)
        """By path of a Run: what it waits for, or has waited for since the last call."""
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

    def awaited(self, node: Node[Any], run: Run) -> None:
        self._awaited[run.path].append(node)

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

    def write(self, outcome: OutcomeRow) -> None:
        """Nothing is journalled."""

    def observe(self, event: Event) -> None:
        """Nobody watches."""

    def _depth(self, node: Node[Any]) -> int:
        """Calls on the longest path to a settled node; a join stands behind all its members."""
        known = self._depths.get(node)
        if known is None:
            known = self._depths[node] = max(map(self._depth, node.inputs), default=0)
        return known

    def _depth_behind(self, path: str) -> int:
        """Calls on the longest path to anything that a Run's strategy has waited for."""
        waited = self._awaited.pop(path, [])
        settled = [self._depth(node) for node in waited if node.settled]
        self._awaited[path] = [node for node in waited if not node.settled]
        self._behind[path] = max([self._behind.get(path, 0), *settled])
        return self._behind[path]

    def _start(self, node: Node[Any], run: Run) -> None:
        if node.pass_on():
            return
        before = max([self._depth_behind(run.path), *map(self._depth, node.inputs)])
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
        content = node.operation.pretend(call.args, call.draw)
        node.resolve(node.operation.value(call.args, content, call.key))

    def _run_locally(self, node: Node[Any], run: Run) -> None:
        assert node.function is not None
        value = node.function(*node.resolved_args())
        if inspect.isawaitable(value):
            self._behind[run.inside(node)] = self._depths[node]
            self.spawn(self._await_locally(node, value, run), run)
        else:
            node.resolve(value)

    async def _await_locally(self, node: Node[Any], value: Any, run: Run) -> None:
        try:
            found = await value
            self._depths[node] = self._depth_behind(run.inside(node))
            node.resolve(found)
        except Exception as error:  # noqa: BLE001 — the strategy's own code may raise anything
            fail_node(node, error)


def at_worst(call: Call) -> Usage:
    """The worst case of a call: where its inputs are pretended, of any text as long as they are.

    No tokenizer reads what was pretended, which would take longer than all the rest.
    """
    reach, operation = text_before(call.node), call.operation
    if not reach or any(isinstance(arg, Candidate) and arg.messages for arg in call.args):
        return operation.worst(call.args, first=call.first)
    foreseen = operation.foresee(call.args, reach)
    return foreseen if call.first else operation.attributed(foreseen, first=False)
