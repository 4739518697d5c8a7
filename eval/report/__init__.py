"""A comparison as a frozen value, and its page, terminal table and exports."""

from tts.eval.report.assemble import assemble
from tts.eval.report.comparison_report import (
    Cell,
    ComparisonReport,
    Curve,
    Point,
    ProblemLine,
    curves_of,
    frontier,
    to_csv,
    to_json,
)
from tts.eval.report.markdown import to_markdown
from tts.eval.report.page import render_page
from tts.eval.report.rows import BinAccuracy, RoleSpend, Row
from tts.eval.report.terminal import render_table

__all__ = [
    "BinAccuracy",
    "Cell",
    "ComparisonReport",
    "Curve",
    "Point",
    "ProblemLine",
    "RoleSpend",
    "Row",
    "assemble",
    "curves_of",
    "frontier",
    "render_page",
    "render_table",
    "to_csv",
    "to_json",
    "to_markdown",
]
