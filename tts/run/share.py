"""A child's share of the ceilings of its parent."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tts.budget import Account, Amounts, Ticket
from tts.errors import BudgetExhausted
from tts.graph import Node
from tts.run.recorded import SHARE
from tts.run.run_state import RunState
from tts.values import NOTHING


class Share:
    """A fixed part of a Run's ceilings, admitted like one call of that worst case."""

    def __init__(self, parent: RunState, node: Node[Any], share: float) -> None:
        self.parent = parent
        self.id = parent.id_of(node)
        self.amounts: Amounts = tuple(int(ceiling * share) for ceiling in parent.grant)
        self.ticket = Ticket(node.lineage, admit=self._answer, refuse=self._answer)
        self._answered = asyncio.get_running_loop().create_future()
        parent.queue.foresee(self.ticket, self.amounts)
        node.listen(lambda _: parent.queue.withdraw(self.ticket))

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
