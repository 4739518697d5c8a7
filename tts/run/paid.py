"""What the calls of a Run have paid for: a prefix cache that forgets nothing, and verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from tts.protocols import Mark, Prefix


class Paid:
    """The beginnings of prompts that the models of one Run have computed, and its verdicts.

    Each prompt is paid for by the first charged call that has it, and later calls share it. What
    all of them pay together is the size of a tree of prompts, the same in whatever order they end.
    A child Run has its own: what it shares is then known whether or not its parent drops it.
    """

    __slots__ = ("_read", "verdicts")

    def __init__(self) -> None:
        self._read: set[tuple[str, Mark]] = set()
        self.verdicts: set[str] = set()
        """Keys of the verdicts, of which equal ones are the same."""

    def unread(self, model: str, prefixes: Iterable[Prefix], prompt_tokens: int) -> int:
        """How many tokens of a prompt the model has not computed; the whole prompt comes first."""
        shared = 0
        for place, (mark, count) in enumerate(prefixes):
            if mark is None or (model, mark) in self._read:
                shared = count() if place else prompt_tokens
                break
        return max(0, prompt_tokens - shared)

    def read(self, model: str, marks: Iterable[Mark | None]) -> None:
        """From now on the model has computed these."""
        self._read.update((model, mark) for mark in marks if mark is not None)
