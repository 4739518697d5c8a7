"""Keys and values of recent texts, for prompts that continue them."""

from __future__ import annotations

from collections import OrderedDict
from itertools import takewhile

from tts.backends.embedded.weights import Floats

Snapshot = tuple[Floats, Floats]


class PrefixCache:
    """The most recently used texts, up to `tokens` tokens in all."""

    def __init__(self, tokens: int) -> None:
        self._room = tokens
        self._held = 0
        self._entries: OrderedDict[tuple[int, ...], Snapshot] = OrderedDict()

    def put(self, ids: tuple[int, ...], snapshot: Snapshot) -> None:
        """Keep a text; the oldest make room."""
        if ids in self._entries:
            self._entries.move_to_end(ids)
            return
        self._entries[ids] = snapshot
        self._held += len(ids)
        while self._held > self._room:
            self._held -= len(self._entries.popitem(last=False)[0])

    def longest(self, ids: tuple[int, ...]) -> tuple[int, Snapshot] | None:
        """How many leading tokens of `ids` a kept text shares, and that text; None for none."""
        best, found = 0, None
        for kept in reversed(self._entries):
            if kept[: best + 1] == ids[: best + 1]:
                shared = _shared(kept, ids)
                if shared > best:
                    best, found = shared, kept
        if found is None:
            return None
        self._entries.move_to_end(found)
        return best, self._entries[found]


def _shared(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    )
