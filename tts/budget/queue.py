"""The order in which calls are admitted to an account."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Literal

from tts.budget.account import Account, Amounts
from tts.budget.order import CanonicalOrder, Place
from tts.errors import BudgetExhausted
from tts.values import Usage

TicketState = Literal["foreseen", "waiting", "admitted", "refused", "gone"]


class Ticket:
    """One call's place in an account's queue."""

    __slots__ = ("admit", "held", "place", "refuse", "state")

    def __init__(
        self,
        place: Place,
        *,
        admit: Callable[[], None],
        refuse: Callable[[BudgetExhausted], None],
    ) -> None:
        self.place = place
        self.admit, self.refuse = admit, refuse
        self.state: TicketState = "foreseen"
        self.held: Amounts = ()
        """The foreseen amount while foreseen, the worst case from then on."""

    def close(self) -> None:
        """Nobody will be answered any more; lets go of the call, which holds the ticket."""
        self.admit = self.refuse = closed


def closed(*_: object) -> None:
    """The answer to a ticket that is gone."""


class AdmissionQueue:
    """Admits calls in canonical order, so that refusals depend on amounts and never on timing.

    A call is admitted as soon as its worst case fits beside what is spent, what is reserved and
    what calls before it in the order are foreseen to need. Otherwise it waits, holding nothing. It
    is refused only at the head of the order with nothing open. A call admitted early would also
    have been admitted late, since calls spend at most what is foreseen for them; so the set of
    admitted calls is a function of the calls' own costs, whatever finished first.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self._undecided: CanonicalOrder[Ticket] = CanonicalOrder(len(account.ceilings))
        self._waiting: list[tuple[Place, int, Ticket]] = []
        """A heap of those that asked already; some of them may have left since."""
        self._entered = 0
        self._pumping = False

    def foresee(self, ticket: Ticket, most: Usage | Amounts) -> None:
        """Note a call whose inputs are still open, at most this costly."""
        if self.account.capped:
            ticket.held = self._amounts(most)
            self._enter(ticket)

    def ask(self, ticket: Ticket, worst: Usage | Amounts) -> None:
        """Ask for room; `admit` or `refuse` of the ticket answers, now or later."""
        if not self.account.capped:
            self._admit(ticket)
            return
        if ticket.held:
            self._undecided.leave(ticket)
            ticket.held = ()
        ticket.held = self._amounts(worst)
        if self.account.fits(ticket.held, tuple(self._undecided.total)):
            self._admit(ticket)
            return
        ticket.state = "waiting"
        self._enter(ticket)
        self.pump()

    def repeat(self, ticket: Ticket, worst: Usage | Amounts) -> None:
        """Admit a call that an earlier process admitted: that decision is on the record.

        Other charges of the record may have come back sooner than they were made, so that whether
        there is room now says nothing.
        """
        if ticket.held:
            self._undecided.leave(ticket)
        ticket.held = self._amounts(worst) if self.account.capped else ()
        self._admit(ticket)

    def settle(self, ticket: Ticket, usage: Usage) -> None:
        """An admitted call ended: what it spent stays, the rest of its hold returns."""
        ticket.state = "gone"
        self.account.settle(ticket.held, usage)
        self.pump()

    def withdraw(self, ticket: Ticket) -> None:
        """A call that was not admitted is no longer wanted."""
        if ticket.state in ("foreseen", "waiting"):
            if self.account.capped and ticket.held:
                self._undecided.leave(ticket)
            ticket.state = "gone"
            ticket.close()
            self.pump()

    def pump(self) -> None:
        """Decide every ticket that can be decided now."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._decide_one():
                pass
        finally:
            self._pumping = False

    def _decide_one(self) -> bool:
        """Decide the first call that waits; those behind it never go before it from here."""
        ticket = self._first_waiting()
        if ticket is None:
            return False
        if self._goes(ticket):
            self._undecided.leave(ticket)
            self._admit(ticket)
        elif ticket is self._undecided.first and self.account.open == 0:
            self._undecided.leave(ticket)
            ticket.state = "refused"
            answer = ticket.refuse
            ticket.close()
            answer(self.account.refusal(ticket.held))
        else:
            return False
        return True

    def _goes(self, ticket: Ticket) -> bool:
        """Whether it fits beside what stands before it, all of which was only foreseen."""
        everything, nothing = tuple(self._undecided.total), (0,) * len(ticket.held)
        return self.account.fits(nothing, everything) or self.account.fits(
            ticket.held, self._undecided.before(ticket)
        )

    def _first_waiting(self) -> Ticket | None:
        while self._waiting and self._waiting[0][2].state != "waiting":
            heappop(self._waiting)
        return self._waiting[0][2] if self._waiting else None

    def _amounts(self, most: Usage | Amounts) -> Amounts:
        return most if isinstance(most, tuple) else self.account.amounts(most)

    def _admit(self, ticket: Ticket) -> None:
        ticket.state = "admitted"
        self.account.hold(ticket.held)
        answer = ticket.admit
        ticket.close()
        answer()

    def _enter(self, ticket: Ticket) -> None:
        self._undecided.enter(ticket)
        if ticket.state == "waiting":
            self._entered += 1
            heappush(self._waiting, (ticket.place, self._entered, ticket))
