"""Child Runs: one coroutine inside another Run's graph, perhaps with a share of its budget."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from tts.errors import BudgetExhausted, CallFailed
from tts.graph import Node
from tts.run.replay import caught_up
from tts.run.run_state import RunState
from tts.run.share import Share

T = TypeVar("T")


async def run_child(
    coroutine: Callable[..., Coroutine[Any, Any, T]],
    values: tuple[Any, ...],
    parent: RunState,
    node: Node[T],
    share: Share | None,
) -> T:
    """Run a coroutine as a child; what it leaves unfinished is dropped when it ends."""
    account = parent.account if share is None else await share.granted()
    child = parent.child(node, account)
    if share is not None:
        child.give_back = partial(share.give_back, account)
    try:
        return await _to_its_end(coroutine(*values, run=child), child)
    except BudgetExhausted as refused:
        if share is None:
            raise
        raise CallFailed("The child Run used up its share.", refused) from refused
    finally:
        child.close()
        parent.children.remove(child)


async def _to_its_end(coroutine: Coroutine[Any, Any, T], child: RunState) -> T:
    """Run a coroutine; a replayed one ends no sooner than it did before."""
    recorded = child.settings.recorded
    try:
        value = await coroutine
    except Exception:
        await caught_up(recorded, child.path)
        raise
    await caught_up(recorded, child.path)
    return value
