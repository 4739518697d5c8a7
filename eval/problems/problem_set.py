"""A loaded problem set and where it came from."""

from __future__ import annotations

from msgspec import Struct

from tts.eval.problems.digest import digest
from tts.values import Problem


class SkippedRow(Struct, frozen=True):
    """A row that could not be read: its line (from 1) and the reason."""

    line: int
    reason: str


class ProblemSet(Struct, frozen=True, kw_only=True):
    """Problems with distinct ids, in order, and what a manifest has to record of them."""

    source: str
    problems: tuple[Problem, ...]
    revision: str | None = None
    """Commit of a hosted set; None where the source has none or it was not pinned."""
    skipped: tuple[SkippedRow, ...] = ()
    """Rows left out because `skip_bad` was asked for."""

    @property
    def digest(self) -> str:
        """SHA-256 of the problems' canonical JSON: equal content, equal digest."""
        return digest(self.problems)
