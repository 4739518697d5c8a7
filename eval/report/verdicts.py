"""What a comparison decides and what it leaves open, in one block: a sentence and a table."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tts.eval.report import wording
from tts.eval.report.headline import decided
from tts.eval.report.rows import Row
from tts.eval.statistics import TOO_FEW, detectable_difference, would_decide

HEADS = ("verdict", "they can show", "would decide it")
"""Of what `Verdict` says, wherever it stands in a table."""


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

    @property
    def shows(self) -> str:
        """`least` in words; empty where it is unknown."""
        return "" if self.least is None else f"{wording.percent(self.least)} points"

    @property
    def would_do(self) -> str:
        """`needed` in words; empty where there is nothing to say."""
        return "" if self.needed is None else f"about {wording.count(self.needed)} problems"


class Verdicts(Struct, frozen=True):
    """All of them: the decided ones first, then those that fewest problems would decide."""

    told: str
    lines: tuple[Verdict, ...]
    baseline: str = ""
    """The strategy that the others are set against."""


def verdicts_of(rows: Sequence[Row]) -> Verdicts:
    """No lines where no row is compared with another."""
    found = [_verdict(place, row) for place, row in enumerate(rows) if row.against is not None]
    far = max((one.needed or 0 for one in found), default=0) + 1
    lines = sorted(found, key=lambda one: (not one.decided, one.needed or far))
    against = {one.row.against for one in lines}
    baselines = dict.fromkeys(row.strategy for row in rows if row.label in against)
    return Verdicts(_told(lines), tuple(lines), ", ".join(baselines))


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
    sure = sum(one.decided for one in lines)
    if sure == len(lines):
        return "The difference is decided." if sure == 1 else "All differences are decided."
    if all(one.row.difference is None for one in lines):
        return f"Nothing is decided: {TOO_FEW}"
    return f"{_how_many(sure, len(lines))} {_would_decide(lines)}"


def _how_many(sure: int, all_: int) -> str:
    if all_ == 1:
        return "The difference is not decided."
    many = f"{sure} of {all_} differences" if sure else f"None of {all_} differences"
    return f"{many} {'is' if sure < 2 else 'are'} decided."


def _would_decide(lines: Sequence[Verdict]) -> str:
    """Of those that are open, how many problems would do, beside how many there were."""
    open_ = [one for one in lines if not one.decided]
    sizes = [one.needed for one in open_ if one.needed is not None]
    rest = "it" if len(lines) == 1 else "them" if len(open_) == len(lines) else "the others"
    if not sizes:
        return f"How many problems would decide {rest} cannot be told."
    n = max(one.row.difference.n for one in lines if one.row.difference)
    many = f"About {min(sizes):,} problems would decide"
    if min(sizes) < max(sizes):
        return f"{many} the nearest of {rest} and {max(sizes):,} the farthest; {n:,} were run."
    if len(open_) == 1:
        return f"{many} {'the other' if rest == 'the others' else rest}; {n:,} were run."
    which = rest if len(sizes) == len(open_) else f"{len(sizes)} of {rest}"
    return f"{many} {which}; {n:,} were run."
