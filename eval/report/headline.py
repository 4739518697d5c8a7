"""The report in one sentence: who is best, by how much, for what, and whether that is decided."""

from __future__ import annotations

from collections.abc import Sequence

from tts.eval.report import wording
from tts.eval.report.rows import Row
from tts.eval.statistics import ALPHA
from tts.values.visible import visible

NAMED = 80
"""Characters of a row's name."""


def headline(rows: Sequence[Row]) -> str:
    """Of the row with the most right answers, the cheaper one of two; empty where none is graded."""
    graded = [row for row in rows if row.accuracy is not None]
    if not graded:
        return ""
    best = max(graded, key=lambda row: (_right(row), -row.tokens_per_run))
    start = f"{_name(best)} is right on {_share(best)}"
    if len(graded) == 1:
        return f"{start}, for {wording.short(best.tokens_per_run)} tokens a run."
    if len({_right(row) for row in graded}) == 1:
        return f"{start}, and so is every other row; it takes the fewest tokens."
    if best.difference is None:
        return f"{start}; {_runner_up(best, graded)}"
    against = next(row for row in graded if row.label == best.against)
    return (
        f"{start}: {_gain(best)} over {_name(against)}, {_price(best, against)}; {_decided(best)}."
    )


def decided(row: Row) -> bool:
    """Whether a row's difference to the baseline is, after the correction."""
    return row.p_holm is not None and row.p_holm <= ALPHA


def _runner_up(best: Row, graded: list[Row]) -> str:
    """What can be said where the baseline itself, or a row without a partner, is best."""
    beaten = [row for row in graded if row.against == best.label]
    worse = [row for row in beaten if decided(row) and row.difference]
    if not beaten:
        return "it has nothing to be compared with."
    many = f"{len(worse)} of" if worse else "none of"
    return f"it is decidedly better than {many} the {len(beaten)} rows set against it."


def _gain(row: Row) -> str:
    assert row.difference is not None
    found = row.difference.estimate
    return f"{wording.gap(found.value)} points [{wording.gap_interval(found)}]"


def _price(row: Row, against: Row) -> str:
    """The ratio of what a run costs: in dollars where they are known, else in tokens."""
    dollars = row.dollars_per_run, against.dollars_per_run
    if dollars[0] is not None and dollars[1]:
        return f"for {dollars[0] / dollars[1]:.2g} times its price"
    if not against.tokens_per_run:
        return "for tokens where that took none"
    return f"for {row.tokens_per_run / against.tokens_per_run:.2g} times its tokens"


def _decided(row: Row) -> str:
    if row.p_holm is None:
        return "too few problems to say more"
    found = wording.chance(row.p_holm)
    p = f"p {found}" if found.startswith("<") else f"p = {found}"
    return f"{'decided' if decided(row) else 'not decided'} ({p})"


def _right(row: Row) -> float:
    return row.accuracy.value if row.accuracy is not None else -1.0


def _share(row: Row) -> str:
    assert row.accuracy is not None
    return f"{wording.percent(row.accuracy.value)} % of {row.n:,} problems"


def _name(row: Row) -> str:
    return visible(row.label, NAMED)
