"""Who is next among the calls that wait for one pool."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class FairQueue(Generic[T]):
    """Problems in turn by use; inside one problem the smallest priority, then the oldest.

    Turns are start-time fair queueing (Goyal, Vin and Cheng 1996) with one unit per call: of the
    waiting problems the least served is next, and one that arrives, or comes back after a pause,
    starts level with the problem served last. So it neither waits for the others to use as much
    as they did, nor may catch up on what it never asked for. Every operation is O(log waiting).
    """

    def __init__(self) -> None:
        self._problem_of: dict[T, str] = {}
        self._entries: dict[str, list[tuple[tuple[Any, ...], int, T]]] = {}
        self._turns: list[tuple[int, int, str]] = []
        self._level = 0
        self._ages = count()

    def __len__(self) -> int:
        return len(self._problem_of)

    def push(self, item: T, *, problem: str, priority: tuple[Any, ...]) -> None:
        """Queue an item that was never queued here before."""
        self._problem_of[item] = problem
        if problem not in self._entries:
            self._entries[problem] = []
            heappush(self._turns, (self._level, next(self._ages), problem))
        heappush(self._entries[problem], (priority, next(self._ages), item))

    def pop(self) -> T:
        """Take the item that is next; IndexError when nothing waits."""
        while True:
            self._level, _, problem = heappop(self._turns)
            entries = self._entries[problem]
            while entries and entries[0][2] not in self._problem_of:
                heappop(entries)
            if not entries:
                del self._entries[problem]
                continue
            item = heappop(entries)[2]
            del self._problem_of[item]
            heappush(self._turns, (self._level + 1, next(self._ages), problem))
            return item

    def remove(self, item: T) -> None:
        """Withdraw an item; nothing happens when it is not waiting."""
        problem = self._problem_of.pop(item, None)
        if problem is None:
            return
        entries = self._entries[problem]
        if len(entries) > 64 and len(entries) > 2 * len(self):
            entries[:] = [entry for entry in entries if entry[2] in self._problem_of]
            heapify(entries)
