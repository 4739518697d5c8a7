"""Waiting for nodes: for all, for the first, for each as it settles, for the text of one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from tts.errors import Dropped, LedgerError, Outage, Stopped, StrategyError, TTSError, UsageError
from tts.run.node import Node
from tts.run.state import RunState
from tts.values import Candidate, TextEvent

T = TypeVar("T")


class Successes(list[T], Generic[T]):
    """The values of the nodes that succeeded, in submission order; the others in `failed`."""

    def __init__(self, values: Sequence[T], failed: Sequence[tuple[Node[T], Exception]]) -> None:
        super().__init__(values)
        self.failed = tuple(failed)


def successes(nodes: Sequence[Node[T]]) -> Successes[T]:
    """Gather settled nodes; a failed one is data."""
    values = [node.value for node in nodes if node.error is None]
    return Successes(values, [(node, node.error) for node in nodes if node.error is not None])


def refuse(join: Node[Any], error: TTSError) -> None:
    """Fail a join with what stopped it."""
    join.fail(error, "refused" if isinstance(error, Stopped) else "failed")


class AllJoin:
    """Settles a join node once every member has settled, or with the first refusal."""

    def __init__(self, join: Node[Any], nodes: Sequence[Node[Any]]) -> None:
        self.join, self.nodes = join, nodes
        self.open = len(nodes)
        if not nodes:
            join.resolve(successes(nodes))
        settled = self._settled
        for node in nodes:
            node.listen(settled)

    def _settled(self, node: Node[Any]) -> None:
        self.open -= 1
        if isinstance(node.error, Stopped):
            self.join.fail(node.error, "refused")
        elif isinstance(node.error, UsageError | LedgerError):
            self.join.fail(node.error)
        elif self.open == 0:
            self.join.resolve(successes(self.nodes))


class FirstJoin:
    """Collects arrivals until enough of them qualify; `decide` takes the positions chosen."""

    def __init__(
        self,
        nodes: Sequence[Node[Any]],
        *,
        k: int,
        where: Callable[[Any], bool] | None,
        agree: Callable[[Any], Hashable] | None,
        decide: Callable[[tuple[int, ...]], None],
        refuse: Callable[[TTSError], None],
    ) -> None:
        self.nodes, self.k, self.where, self.agree = nodes, k, where, agree
        self.decide, self.refuse = decide, refuse
        self.decided = False
        self.groups: dict[Hashable, list[int]] = defaultdict(list)
        self.open = len(nodes)
        if not nodes:
            self._decide()
        for position, node in enumerate(nodes):
            node.listen(lambda node, position=position: self._settled(position, node))  # type: ignore[misc]

    def _settled(self, position: int, node: Node[Any]) -> None:
        self.open -= 1
        if self.decided:
            return
        try:
            enough = node.error is None and self._enough(position, node.value)
        except Exception as error:  # noqa: BLE001 — the strategy's own code may raise anything
            self.decided = True
            self.refuse(StrategyError(f"first raised {type(error).__name__}: {error}"))
            return
        if enough:
            self._decide()
        elif self.open == 0:
            self._finish()

    def _enough(self, position: int, value: Any) -> bool:
        if self.where is not None and not self.where(value):
            return False
        group = self.groups[self.agree(value) if self.agree else None]
        group.append(position)
        return len(group) >= self.k

    def _finish(self) -> None:
        stopped = [node.error for node in self.nodes if isinstance(node.error, Stopped)]
        if stopped:
            self.decided = True
            self.refuse(stopped[0])
        else:
            self._decide()

    def _decide(self) -> None:
        self.decided = True
        largest = max(self.groups.values(), key=lambda group: len(group), default=[])
        self.decide(tuple(largest))


async def arrivals(
    run: RunState, join: str, nodes: Sequence[Node[Any]]
) -> AsyncIterator[Node[Any]]:
    """Yield each node as it settles; first those that an earlier process saw, in its order."""
    open_nodes = dict(enumerate(nodes))
    turn = 0
    while (recorded := run.settings.recorded.members(f"{join}:{turn}")) is not None:
        node = open_nodes.pop(recorded[0])
        await settled(node)
        if isinstance(node.error, Outage):
            await node
        turn += 1
        yield node
    arrived: asyncio.Queue[int] = asyncio.Queue()
    for position, node in open_nodes.items():
        node.listen(lambda _, position=position: arrived.put_nowait(position))  # type: ignore[misc]
    for later in range(turn, len(nodes)):
        position = await arrived.get()
        if isinstance(nodes[position].error, Outage):
            await nodes[position]
        await run.scheduler.decide(run, run.outcome(f"{join}:{later}", "arrival", (position,)))
        yield nodes[position]


async def settled(node: Node[Any]) -> None:
    """Wait until a node has settled, well or not."""
    waiter = asyncio.get_running_loop().create_future()
    node.listen(lambda _: None if waiter.done() else waiter.set_result(None))
    await waiter


def streamed(run: RunState, node: Node[Candidate]) -> AsyncIterator[str]:
    """Pieces of a draw's text; what came in one piece is given in one.

    A piece is a `Piece` where the backend streams log-probabilities. It is heard from this call on,
    so one made beside `sample` misses nothing. A draw that an earlier process dropped is `Dropped`
    at once: its text was not kept.
    """
    pieces: asyncio.Queue[str | None] = asyncio.Queue()
    node.hear(pieces.put_nowait)
    node.listen(lambda _: pieces.put_nowait(None))
    return _pieces(run, node, pieces)


async def _pieces(
    run: RunState, node: Node[Candidate], pieces: asyncio.Queue[str | None]
) -> AsyncIterator[str]:
    outcome = run.settings.recorded.outcomes.get(run.id_of(node))
    if outcome is not None and outcome.kind == "dropped":
        raise Dropped(f"{node.name} was dropped by an earlier process.")
    sent = 0
    while (piece := await pieces.get()) is not None:
        sent += len(piece)
        yield piece
    rest = (await node).delta[sent:]
    if rest:
        yield rest


def tell_texts(run: RunState, node: Node[Any]) -> None:
    """Tell the observers the text of a draw as it grows; what came in one piece is told in one."""
    sent = 0

    def tell(text: str) -> None:
        nonlocal sent
        sent += len(text)
        told = TextEvent(run.settings.run_id, run.id_of(node), str(text))
        run.scheduler.observe(told)

    def rest(ended: Node[Any]) -> None:
        drawn = ended.value if ended.state == "done" else None
        if isinstance(drawn, Candidate) and len(drawn.delta) > sent:
            tell(drawn.delta[sent:])

    node.hear(tell)
    node.listen(rest)


async def quiet(run: RunState) -> None:
    """Let what was admitted of a Run and its children end: it is paid for.

    What a refused Run still brings must not depend on what happened to come before the refusal.
    Local code is not waited for: it may wait for what the strategy would have said next.
    """
    while node := next((one for one in run.unsettled if _under_way(one, run.path)), None):
        await settled(node)


def _under_way(node: Node[Any], path: str) -> bool:
    """Whether a call, or a child Run, has its inputs and not yet ended.

    One that an earlier process dropped only waits for its drop, which may come with the end alone.
    """
    run = node.owner
    if not isinstance(run, RunState) or not run.path.startswith(path):
        return False
    if run.settings.recorded.dropped(run.id_of(node)):
        return False
    return node.state in ("ready", "running") and (
        node.operation is not None or node in run.spawned
    )
