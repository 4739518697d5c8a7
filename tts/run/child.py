"""Child Runs: one coroutine inside another Run's graph, perhaps with a share of its budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from tts.budget import Account, Amounts, Ticket
from tts.errors import BudgetExhausted, CallFailed
from tts.graph import Node
from tts.run.run import Run
from tts.values import NOTHING

T = TypeVar("T")
FIRST = -1
"""Nodes of a child stand behind its own node and before everything that depends on it."""


async def run_child(
    coroutine: Callable[..., Coroutine[Any, Any, T]],
    values: tuple[Any, ...],
    parent: Run,
    node: Node[T],
    share: Share | None,
) -> T:
    """Run a coroutine as a child; what it leaves unfinished is dropped when it ends."""
    path, prefix = f"{parent.id_of(node)}/", (*node.lineage, FIRST)
    account = parent.account if share is None else await share.granted()
    child = Run(
        parent.settings,
        scheduler=parent.scheduler,
        account=account,
        parent=parent,
        path=path,
        prefix=prefix,
        queue=parent.queue if share is None else None,
    )
    parent.children.append(child)
    if share is not None:
        child.give_back = partial(share.give_back, account)
    try:
        return await coroutine(*values, run=child)
    except BudgetExhausted as refused:
        if share is None:
            raise
        raise CallFailed("The child Run used up its share.", refused) from refused
    finally:
        child.close()
        parent.children.remove(child)


class Share:
    """A fixed part of a Run's ceilings, admitted like one call of that worst case."""

    def __init__(self, parent: Run, node: Node[Any], share: float) -> None:
        self.parent = parent
        self.amounts: Amounts = tuple(int(ceiling * share) for ceiling in parent.grant)
        self.ticket = Ticket(node.lineage, admit=self._answer, refuse=self._answer)
        self._answered = asyncio.get_running_loop().create_future()
        parent.queue.foresee(self.ticket, self.amounts)
        node.listen(lambda _: parent.queue.withdraw(self.ticket))

    async def granted(self) -> Account:
        """The child's account, once there is room for it; raises where there never will be."""
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

    def give_back(self, account: Account) -> None:
        """Return what the child left."""
        self.parent.queue.settle(self.ticket, account.spent)

    def _answer(self, refused: BudgetExhausted | None = None) -> None:
        if not self._answered.done():
            self._answered.set_result(refused)
