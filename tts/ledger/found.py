"""The finished calls that are held in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from threading import Lock

from tts.protocols import CallRow, Row


class Found:
    """Finished calls by key, held for as long as one of their problems is wanted.

    Filled by the writer's thread and by the event loop.
    """

    def __init__(self) -> None:
        self._calls: dict[str, CallRow] = {}
        self._holders: Counter[str] = Counter()
        self._problems: dict[str, set[str]] = {}
        self._lock = Lock()

    def find(self, key: str) -> CallRow | None:
        return self._calls.get(key)

    def add(self, rows: Sequence[Row]) -> None:
        """Hold the calls among rows that became durable."""
        with self._lock:
            for row in rows:
                if type(row) is CallRow:
                    self._hold(row.problem_id, row)

    def load(self, problem_id: str, calls: Iterable[CallRow]) -> None:
        """Hold the recorded calls of a problem, those that it shares with others included."""
        with self._lock:
            for call in calls:
                self._hold(problem_id, call)

    def _hold(self, problem_id: str, call: CallRow) -> None:
        keys = self._problems.setdefault(problem_id, set())
        if call.key not in keys:
            keys.add(call.key)
            self._holders[call.key] += 1
            self._calls.setdefault(call.key, call)

    def forget(self, problem_id: str) -> None:
        """Free the calls that no other problem holds."""
        with self._lock:
            for key in self._problems.pop(problem_id, ()):
                self._holders[key] -= 1
                if not self._holders[key]:
                    del self._holders[key], self._calls[key]
