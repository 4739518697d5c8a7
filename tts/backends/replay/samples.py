"""The recorded draws of each problem, in any replicate's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from tts.backends.replay.row import SampleRow
from tts.errors import BadRequest
from tts.values import Message


class RecordedSamples:
    """Samples of one model, found by the problem that a prompt asks about.

    A replicate is an order of each problem's samples without repetition: replicate 0 the recorded
    one, every other a permutation that (replicate, problem id) alone determine.
    """

    def __init__(self, rows: Iterable[SampleRow]) -> None:
        self._by_problem: dict[str, list[SampleRow]] = {}
        texts: dict[str, str] = {}
        for row in sorted(rows, key=lambda row: row.sample_index):
            self._by_problem.setdefault(row.problem_id, []).append(row)
            if row.problem:
                texts[row.problem_id] = row.problem
        self._id_of: Mapping[str, str] = {text: key for key, text in texts.items()}
        self._found: dict[str, str] = {}

    def of(self, problem_id: str, index: int, replicate: int) -> SampleRow:
        """The draw of that index; raises `BadRequest` where that many were not recorded."""
        recorded = self._by_problem[problem_id]
        if not 0 <= index < len(recorded):
            raise BadRequest(
                f"Draw {index + 1} of problem {problem_id!r} was asked for and"
                f" {len(recorded)} were recorded."
            )
        return recorded[order(problem_id, len(recorded), replicate)[index]]

    def problem_of(self, messages: Sequence[Message]) -> str:
        """Id of the problem whose text the last user turn holds, the longest where several fit."""
        asked = next((turn.content for turn in reversed(messages) if turn.role == "user"), "")
        if asked not in self._found:
            self._found[asked] = self._search(asked)
        return self._found[asked]

    def count(self, problem_id: str) -> int:
        """How many draws of a problem were recorded."""
        return len(self._by_problem.get(problem_id, ()))

    def _search(self, asked: str) -> str:
        exact = self._id_of.get(asked)
        if exact is not None:
            return exact
        held = max((text for text in self._id_of if text in asked), key=len, default=None)
        if held is None:
            raise BadRequest(f"No recorded problem is asked for in {asked[:80]!r}.")
        return self._id_of[held]


def order(problem_id: str, count: int, replicate: int) -> list[int]:
    """Which recorded sample each draw index of a replicate is."""
    positions = list(range(count))
    if replicate:
        Random(f"{replicate}:{problem_id}").shuffle(positions)
    return positions
