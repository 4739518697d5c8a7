"""A comparison as a value, before any rendering."""

from __future__ import annotations

from msgspec import Struct

from tts.eval.report.curve import Curve
from tts.eval.report.problem_line import ProblemLine
from tts.eval.report.row import Row


class ComparisonReport(Struct, frozen=True, kw_only=True):
    """Everything that the page, the terminal table and the exports show."""

    title: str
    manifest: tuple[tuple[str, str], ...] = ()
    """What was run, as pairs of name and text: data digest, models, seeds, prices, versions."""
    partial: str = ""
    """What is missing, where not everything has ended; empty: the comparison is whole."""
    rows: tuple[Row, ...]
    problems: tuple[ProblemLine, ...] = ()
    reference_curves: tuple[Curve, ...] = ()
    """Expectations beside the measured token curves, drawn dashed: an exact maj@k, for example."""
    verdicts: tuple[str, ...] = ()
    """One sentence per difference: whether it is decided, and how many problems would do."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fault: str = ""
    """Why the job stopped before the end of its grid; empty: nothing stopped it."""
