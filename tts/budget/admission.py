"""The order in which calls are admitted to an account.

Refusals depend on amounts and never on timing: `CanonicalOrder` holds the calls that are not
admitted yet, each at its place, and `AdmissionQueue` decides them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, Literal, Protocol, TypeVar

from tts.budget.account import Account, Amounts
from tts.errors import BudgetExhausted
from tts.values import Usage

Place = tuple[int, ...]

WIDEST = 1024
"""Entries of a block; half of them stay when it is split."""


class Placed(Protocol):
    """What stands in the order: it keeps both while it stands there."""

    place: Place
    held: Amounts


P = TypeVar("P", bound=Placed)


class CanonicalOrder(Generic[P]):
    """A sorted list that knows what stands before each entry, in every dimension.

    Blocks of bounded length with their sums: entering, leaving and summing up touch one block and
    one number of each other block, so that their cost hardly grows with the number of entries.
    Entries with equal places stand in the order in which they entered.
    """

    def __init__(self, dimensions: int) -> None:
        self.total: list[int] = [0] * dimensions
        """Of all entries, by dimension."""
        self._blocks: list[_Block[P]] = []
        self._lasts: list[Place] = []
        self._sums: list[list[int]] = [[] for _ in range(dimensions)]
        """By dimension, of each block."""

    @property
    def first(self) -> P | None:
        return self._blocks[0].entries[0] if self._blocks else None

    def enter(self, entry: P) -> None:
        at = min(bisect_right(self._lasts, entry.place), max(0, len(self._blocks) - 1))
        if not self._blocks:
            self._insert(0, _Block([], [], [[] for _ in self.total]))
        block = self._blocks[at]
        block.enter(entry)
        self._lasts[at] = block.places[-1]
        self._count(at, entry.held, sign=1)
        if len(block.places) > WIDEST:
            self._split(at)

    def leave(self, entry: P) -> None:
        at, inside = self._find(entry)
        block = self._blocks[at]
        block.leave(inside)
        self._count(at, entry.held, sign=-1)
        if block.places:
            self._lasts[at] = block.places[-1]
        else:
            self._delete(at)

    def before(self, entry: P) -> Amounts:
        """What all entries before this one amount to."""
        at, inside = self._find(entry)
        column = self._blocks[at].amounts
        return tuple(sum(sums[:at]) + sum(column[i][:inside]) for i, sums in enumerate(self._sums))

    def _find(self, entry: P) -> tuple[int, int]:
        """Its block and its position there; entries with equal places may fill several blocks."""
        at = bisect_left(self._lasts, entry.place)
        inside = bisect_left(self._blocks[at].places, entry.place)
        while self._blocks[at].entries[inside] is not entry:
            inside += 1
            if inside == len(self._blocks[at].entries):
                at, inside = at + 1, 0
        return at, inside

    def _count(self, at: int, amounts: Amounts, *, sign: int) -> None:
        for i, amount in enumerate(amounts):
            self.total[i] += sign * amount
            self._sums[i][at] += sign * amount

    def _split(self, at: int) -> None:
        late = self._blocks[at].halved()
        self._lasts[at] = self._blocks[at].places[-1]
        self._insert(at + 1, late)
        for sums in self._sums:
            sums[at] -= sums[at + 1]

    def _insert(self, at: int, block: _Block[P]) -> None:
        self._blocks.insert(at, block)
        self._lasts.insert(at, block.places[-1] if block.places else ())
        for sums, column in zip(self._sums, block.amounts, strict=True):
            sums.insert(at, sum(column))

    def _delete(self, at: int) -> None:
        del self._blocks[at], self._lasts[at]
        for sums in self._sums:
            del sums[at]


class _Block(Generic[P]):
    """Some neighbours of the order, a column for each thing that is searched or summed up."""

    __slots__ = ("amounts", "entries", "places")

    def __init__(self, places: list[Place], entries: list[P], amounts: list[list[int]]) -> None:
        self.places, self.entries, self.amounts = places, entries, amounts

    def enter(self, entry: P) -> None:
        inside = bisect_right(self.places, entry.place)
        self.places.insert(inside, entry.place)
        self.entries.insert(inside, entry)
        for column, amount in zip(self.amounts, entry.held, strict=True):
            column.insert(inside, amount)

    def leave(self, inside: int) -> None:
        del self.places[inside], self.entries[inside]
        for column in self.amounts:
            del column[inside]

    def halved(self) -> _Block[P]:
        """The later half, which leaves this one."""
        half = len(self.places) // 2
        late = _Block(
            self.places[half:], self.entries[half:], [column[half:] for column in self.amounts]
        )
        del self.places[half:], self.entries[half:]
        for column in self.amounts:
            del column[half:]
        return late


TicketState = Literal["foreseen", "waiting", "admitted", "refused", "gone"]


class Ticket:
    """One call's place in an account's queue; exactly one of its two answers comes."""

    __slots__ = ("held", "place", "state")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.state: TicketState = "foreseen"
        self.held: Amounts = ()
        """The foreseen amount while foreseen, the worst case from then on."""

    def admitted(self) -> None:
        """There is room, and it is held."""
        raise NotImplementedError

    def refused(self, error: BudgetExhausted) -> None:
        """There never will be room."""
        raise NotImplementedError

    def by_now(self) -> Usage | None:
        """The worst case by now, where others have paid for a part of it; None: it stays."""
        return None

    def shortened(self) -> Usage | None:
        """The worst case of as much of it as still fits, where that is worth asking for.

        Asked for at the head of the order, with nothing open and no room for all of it; from then
        on the ticket stands for the part. None: it is refused.
        """
        return None


class CallbackTicket(Ticket):
    """A ticket whose answers are two functions; each is let go of with the first answer."""

    __slots__ = ("_admit", "_refuse")

    def __init__(
        self,
        place: Place,
        *,
        admit: Callable[[], None],
        refuse: Callable[[BudgetExhausted], None],
    ) -> None:
        super().__init__(place)
        self._admit, self._refuse = admit, refuse

    def admitted(self) -> None:
        answer = self._admit
        self.close()
        answer()

    def refused(self, error: BudgetExhausted) -> None:
        answer = self._refuse
        self.close()
        answer(error)

    def close(self) -> None:
        """Nobody will be answered any more; lets go of who waits, who holds the ticket."""
        self._admit = self._refuse = closed


def closed(*_: object) -> None:
    """The answer to a ticket that is gone."""


class DecidingAfter:
    """A `with` block within which a queue decides nothing, and after which it decides what it can."""

    __slots__ = ("_outer", "_queue")

    def __init__(self, queue: AdmissionQueue) -> None:
        self._queue = queue

    def __enter__(self) -> None:
        self._outer, self._queue.pumping = self._queue.pumping, True

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._queue.pumping = self._outer
        if kind is None:
            self._queue.pump()


class AdmissionQueue:
    """Admits calls in canonical order, so that refusals depend on amounts and never on timing.

    A call is admitted as soon as its worst case fits beside what is spent, what is reserved and
    what calls before it in the order are foreseen to need. Otherwise it waits, holding nothing. It
    is refused, or admitted in a part that fits, only at the head of the order with nothing open. A
    call admitted early would also have been admitted late, since calls spend at most what is
    foreseen for them; so the set of admitted calls, and what was cut of them, is a function of the
    calls' own costs, whatever finished first.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.refused = False
        """Whether a call was: most runs end with that, on the loop's next turns."""
        self._undecided: CanonicalOrder[Ticket] = CanonicalOrder(len(account.ceilings))
        self._waiting: list[tuple[Place, int, Ticket]] = []
        """A heap of those that asked already; some of them may have left since."""
        self._entered = 0
        self.pumping = False

    def foresee(self, ticket: Ticket, most: Usage | Amounts) -> None:
        """Note a call whose inputs are still open, at most this costly."""
        if self.account.capped:
            ticket.held = self._amounts(most)
            self._enter(ticket)

    def ask(self, ticket: Ticket, worst: Usage | Amounts) -> None:
        """Ask for room; `admitted` or `refused` of the ticket answers, now or later."""
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
            self.pump()

    def pump(self) -> None:
        """Decide every ticket that can be decided now."""
        if self.pumping:
            return
        self.pumping = True
        try:
            while self._decide_one():
                pass
        finally:
            self.pumping = False

    def deciding_after(self) -> DecidingAfter:
        """Decide nothing meanwhile: what an answer tells may make room, as its charge does."""
        return DecidingAfter(self)

    def _decide_one(self) -> bool:
        """Decide the first call that waits; those behind it never go before it from here."""
        ticket = self._first_waiting()
        if ticket is None:
            return False
        self._weigh_again(ticket)
        if self._goes(ticket):
            self._undecided.leave(ticket)
            self._admit(ticket)
        elif ticket is self._undecided.first and self.account.open == 0:
            self._undecided.leave(ticket)
            self._shorten(ticket)
        else:
            return False
        return True

    def _shorten(self, ticket: Ticket) -> None:
        """Everything before it has ended and it does not fit: a part of it does, or nothing."""
        part = ticket.shortened()
        if part is not None:
            ticket.held = self._amounts(part)
            self._admit(ticket)
        else:
            ticket.state = "refused"
            self.refused = True
            ticket.refused(self.account.refusal(ticket.held))

    def _weigh_again(self, ticket: Ticket) -> None:
        """Hold no more than the worst case by now.

        What others spent may have paid for a part of it. All before it in the order have ended by
        the time at which it can be refused, so that this does not make refusals depend on timing.
        """
        less = ticket.by_now()
        if less is not None and (amounts := self._amounts(less)) != ticket.held:
            self._undecided.leave(ticket)
            ticket.held = amounts
            self._undecided.enter(ticket)

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
        ticket.admitted()

    def _enter(self, ticket: Ticket) -> None:
        self._undecided.enter(ticket)
        if ticket.state == "waiting":
            self._entered += 1
            heappush(self._waiting, (ticket.place, self._entered, ticket))
