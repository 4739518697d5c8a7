"""The attempts of one process, across its transactions."""

from __future__ import annotations

from collections import deque
from itertools import count

from msgspec import Struct
from msgspec.structs import astuple

from tts.errors import LedgerError
from tts.ledger.codec import USAGE, Values, process_number
from tts.protocols import IntentRow, SettledRow
from tts.values import NOTHING, Usage

MOST_GIVEN_UP = 1 << 10
"""Attempts given up of which a process still takes a second word."""


class Begun(Struct, gc=False):
    """An attempt on its way, or one that was given up and may still come to be known."""

    serial: int
    intent: IntentRow
    listed: int | None = None
    """The row of `opens` that lists it."""
    billed: Usage | None = None
    """What it counts as, once something is known."""
    again: bool = False
    """It was given up before, and has a row of its own since."""


class Attempts:
    """The attempts of one process across its transactions, and what they were billed."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.number = process_number(process)
        self.spent = NOTHING
        self.operations: dict[tuple[Values, str, str], int] = {}
        """Numbers of the kinds of calls whose rows are written."""
        self._serials = count()
        self._begun: dict[tuple[str, str], Begun] = {}
        self._given_up: deque[tuple[str, str]] = deque()
        self._ended: list[Values] = []
        """Bills that are not part of `spent` yet."""
        self._unsettled: dict[int, int] = {}
        """How many attempts of a row of `opens` are on their way."""

    def begin(self, intent: IntentRow) -> Begun | None:
        """An attempt that begins; None: it has begun."""
        place = (intent.job, intent.attempt)
        if place in self._begun:
            return None
        begun = self._begun[place] = Begun(next(self._serials), intent)
        return begun

    def end(self, row: SettledRow) -> Begun:
        """The attempt that ends; what is `sent_unknown` may still come to be known.

        The newest `MOST_GIVEN_UP` of those are remembered: a later word on an older one is a
        `LedgerError`, as one on an attempt that is settled is.
        """
        place = (row.job, row.attempt)
        begun = self._begun.get(place)
        if begun is None:
            raise LedgerError(f"Attempt {row.attempt} was settled twice, or before it began.")
        if row.state != "sent_unknown":
            del self._begun[place]
        elif begun.billed is None:
            self._give_up(place)
        begun.again = begun.billed is not None
        if begun.billed is not None:
            self._ended.append(negative(begun.billed))
        self._ended.append(astuple(row.billed))
        begun.billed = row.billed
        return begun

    def _give_up(self, place: tuple[str, str]) -> None:
        self._given_up.append(place)
        if len(self._given_up) > MOST_GIVEN_UP:
            self._begun.pop(self._given_up.popleft(), None)

    def list(self, begun: list[Begun]) -> int:
        """Note that one row lists these attempts; returns its number."""
        number = begun[0].serial
        self._unsettled[number] = len(begun)
        for one in begun:
            one.listed = number
        return number

    def strike(self, begun: Begun) -> int | None:
        """An attempt that is listed ended; the row's number once none of it is left."""
        number, begun.listed = begun.listed, None
        if number is None:
            return None
        self._unsettled[number] -= 1
        if self._unsettled[number]:
            return None
        del self._unsettled[number]
        return number

    def add_up(self) -> bool:
        """Take what ended since into `spent`; False: nothing did."""
        bills, self._ended = self._ended, []
        columns = list(zip(astuple(self.spent), *bills, strict=True))
        sums: list[int | None]
        try:
            sums = [*map(sum, columns)]
        except TypeError:  # an amount that nobody knows
            sums = [None if None in column else sum(column) for column in columns]
        self.spent = Usage(**dict(zip(USAGE, sums, strict=True)))  # type: ignore[arg-type]
        return bool(bills)


def negative(usage: Usage) -> Values:
    """What takes a bill out of a sum again; an unknown one stays in it."""
    return tuple(None if amount is None else -amount for amount in astuple(usage))
