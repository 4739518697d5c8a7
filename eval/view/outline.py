"""What a ledger says of a job at once, by sums of the database: shown until its answers are graded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from tts.eval.recorded import spelled
from tts.ledger.questions import Ending


class OutlineRow(Struct, frozen=True, kw_only=True):
    """One strategy under one budget, as far as nothing has to be read or graded."""

    strategy: str
    budget: str
    runs: int
    ended: int
    tokens: float | None
    """Attributed, of a mean run that has ended; None: none has."""
    stopped_by: dict[str, int]
    """Runs by what ended them."""


class Outline(Struct, frozen=True, kw_only=True):
    """A job of which the report is being made."""

    graded: int
    """Runs that have been graded so far."""
    rows: tuple[OutlineRow, ...]

    @property
    def ended(self) -> int:
        """Runs that are to be graded."""
        return sum(row.ended for row in self.rows)


def outline_of(endings: Sequence[Ending], *, graded: int) -> Outline:
    """Rows by name; `endings` are in the order of strategy and budget."""
    groups = groupby(endings, key=lambda one: (one.strategy, one.budget))
    rows = tuple(_row(strategy, budget, list(found)) for (strategy, budget), found in groups)
    return Outline(graded=graded, rows=rows)


def _row(strategy: str, budget: str, found: Sequence[Ending]) -> OutlineRow:
    ended = [one for one in found if one.stopped_by is not None]
    runs = sum(one.runs for one in ended)
    named, under = spelled(strategy, budget)
    return OutlineRow(
        strategy=named,
        budget=under,
        runs=sum(one.runs for one in found),
        ended=runs,
        tokens=sum(one.tokens for one in ended) / runs if runs else None,
        stopped_by={str(one.stopped_by): one.runs for one in ended},
    )
