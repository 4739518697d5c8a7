"""What one benchmark found on one machine."""

from __future__ import annotations

from msgspec import Struct

from tts.eval.bench.row import Row


class BenchReport(Struct, frozen=True, kw_only=True):
    """The figures of one benchmark; medians over several runs."""

    name: str
    machine: str
    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        """Whether no bar was missed."""
        return all(row.holds is not False for row in self.rows)
