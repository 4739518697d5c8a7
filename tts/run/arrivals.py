"""Nodes in the order in which they settle, written down as they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tts.errors import Outage
from tts.graph import Node
from tts.run.run_state import RunState


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
