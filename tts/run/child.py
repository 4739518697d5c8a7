"""Child Runs: one coroutine inside another Run's graph, perhaps with a share of its budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import msgspec

from tts.budget import Account, Amounts, CallbackTicket
from tts.errors import BudgetExhausted, CallFailed
from tts.run.joins import quiet
from tts.run.node import Node
from tts.run.replay import SHARE, caught_up
from tts.run.setting import Setting
from tts.run.state import RunState
from tts.values import NOTHING

T = TypeVar("T")


async def run_child(
    coroutine: Callable[..., Coroutine[Any, Any, T]],
    values: tuple[Any, ...],
    parent: RunState,
    node: Node[T],
    share: Share | None,
    setting: Setting | None = None,
) -> T:
    """Run a coroutine as a child; what it leaves unfinished is dropped when it ends."""
    account = parent.account if share is None else await share.granted()
    child = parent.child(node, account, setting)
    if share is not None:
        child.give_back = partial(share.give_back, account)
    try:
        return await _to_its_end(coroutine(*values, run=child), child)
    except BudgetExhausted as refused:
        await quiet(child)
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


class Share:
    """A fixed part of a Run's ceilings, admitted like one call of that worst case."""

    def __init__(self, parent: RunState, node: Node[Any], share: float) -> None:
        self.parent = parent
        self.id = parent.id_of(node)
        self.amounts: Amounts = tuple(int(ceiling * share) for ceiling in parent.grant)
        self.ticket = CallbackTicket(node.lineage, admit=self._answer, refuse=self._answer)
        self._answered = asyncio.get_running_loop().create_future()
        parent.queue.foresee(self.ticket, self.amounts)
        node.listen(self._withdrawn)

    async def granted(self) -> Account:
        """The child's account, once there is room for it; raises where there never will be.

        The answer is journalled, so that a replay repeats it; a child that was dropped while it
        waited waits again.
        """
        if not self._repeated():
            self.parent.queue.ask(self.ticket, self.amounts)
        try:
            refused = await self._answered
        except asyncio.CancelledError:
            if self.ticket.state == "admitted":
                self.parent.queue.settle(self.ticket, NOTHING)
            raise
        if refused is not None:
            raise refused
        ceilings = dict(zip(self.parent.account.dimensions, self.amounts, strict=True))
        return Account(ceilings, scope="child's share")

    def _withdrawn(self, node: Node[Any]) -> None:
        self.parent.queue.withdraw(self.ticket)
        self.ticket.close()

    def give_back(self, account: Account) -> None:
        """Return what the child left."""
        self.parent.queue.settle(self.ticket, account.spent)

    def _repeated(self) -> bool:
        """Whether the record says what became of this share, which then happens again."""
        recorded = self.parent.settings.recorded
        row, queue = recorded.share(self.id), self.parent.queue
        if row is not None and row.kind == "share":
            queue.repeat(self.ticket, self.amounts)
        elif row is not None:
            queue.withdraw(self.ticket)
            message = msgspec.json.decode(row.content, type=str)
            self._answered.set_result(BudgetExhausted.recorded(message))
        elif recorded.submitted(self.id) is not None:
            queue.withdraw(self.ticket)
        else:
            return False
        return True

    def _answer(self, refused: BudgetExhausted | None = None) -> None:
        if self._answered.done():
            return
        self._answered.set_result(refused)
        if self.parent.settings.recorded.share(self.id) is None:
            kind, content = ("refused", str(refused)) if refused else ("share", "granted")
            self.parent.scheduler.write(self.parent.outcome(f"{self.id}{SHARE}", kind, content))
