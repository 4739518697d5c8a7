"""The calls of an account that are not admitted yet, by their place in the canonical order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Generic, Protocol, TypeVar

Place = tuple[int, ...]
Amounts = tuple[int, ...]

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
