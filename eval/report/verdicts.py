"""What a comparison decides and what it leaves open, in one block: a sentence and a table."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tts.eval.report import wording
from tts.eval.report.headline import decided
from tts.eval.report.rows import Row
from tts.eval.statistics import TOO_FEW, detectable_difference, would_decide


class Verdict(Struct, frozen=True, kw_only=True):
    """A row against the baseline's."""

    row: Row
    place: int
    """Of the row in the report."""
    decided: bool
    least: float | None
    """The least true difference that so many problems show, in shares; None: unknown."""
    needed: int | None
    """Problems that would decide a difference of this size; None: decided, or it cannot be told."""

    @property
    def said(self) -> str:
        """In three words, with what would decide it."""
        if self.decided:
            return "decided"
        if self.row.difference is None:
            return wording.TOO_FEW
        if self.row.difference.wins + self.row.difference.losses == 0:
            return "equal on every problem"
        return "not decided"


class Verdicts(Struct, frozen=True):
    """All of them: the decided ones first, then those that fewest problems would decide."""

    told: str
    lines: tuple[Verdict, ...]


def verdicts_of(rows: Sequence[Row]) -> Verdicts:
    """No lines where no row is compared with another."""
    found = [_verdict(place, row) for place, row in enumerate(rows) if row.against is not None]
    far = max((one.needed or 0 for one in found), default=0) + 1
    lines = sorted(found, key=lambda one: (not one.decided, one.needed or far))
    return Verdicts(_told(lines), tuple(lines))


def _verdict(place: int, row: Row) -> Verdict:
    found, sure = row.difference, decided(row)
    told = found is not None and found.deviation > 0
    return Verdict(
        row=row,
        place=place,
        decided=sure,
        least=detectable_difference(found.n, found.deviation) if found and told else None,
        needed=would_decide(found) if found and not sure else None,
    )


def _told(lines: Sequence[Verdict]) -> str:
    if not lines:
        return ""
    sure = [one for one in lines if one.decided]
    start = f"{len(sure)} of {len(lines)} differences {'is' if len(sure) == 1 else 'are'} decided."
    if len(sure) == len(lines):
        return "The difference is decided." if len(lines) == 1 else "All differences are decided."
    if all(one.row.difference is None for one in lines):
        return f"Nothing is decided: {TOO_FEW}"
    sizes = [one.needed for one in lines if one.needed is not None]
    if not sizes:
        return f"{start} How many problems would decide the others cannot be told."
    n = max(one.row.difference.n for one in lines if one.row.difference)
    many = f"About {min(sizes):,} problems would decide"
    if min(sizes) == max(sizes):
        every = len(sizes) == len(lines) - len(sure)
        which = "the other" if every and len(sizes) == 1 else f"{len(sizes)} of the others"
        return (
            f"{start} {many} {'the others' if every and len(sizes) > 1 else which}; {n:,} were run."
        )
    return (
        f"{start} {many} the nearest of the others and {max(sizes):,} the farthest; {n:,} were run."
    )
