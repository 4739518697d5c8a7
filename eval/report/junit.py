"""A report for build servers: JUnit XML, one suite per row and one case per problem."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tts.eval.report.comparison_report import Cell, ComparisonReport, ProblemLine
from tts.eval.report.rows import Row

UNTOLD = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
MESSAGE = 500
"""Characters of a message."""


def to_junit(report: ComparisonReport) -> bytes:
    """The XML, in UTF-8.

    A case passes where every graded run of it is right, fails where one is wrong, is an error where
    a run has no answer for a reason of its own, and is skipped where nothing was graded.
    """
    root = Element("testsuites", name=_plain(report.title))
    for at, row in enumerate(report.rows):
        _suite(root, row, [line for line in report.problems if line.cells[at] is not None], at)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _suite(root: Element, row: Row, lines: list[ProblemLine], at: int) -> None:
    suite = SubElement(root, "testsuite", name=_plain(f"{row.strategy}, {row.budget}"))
    told = [_case(suite, line, cell) for line, cell in _cells(lines, at)]
    suite.set("tests", str(len(told)))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(told.count(kind)))


def _cells(lines: list[ProblemLine], at: int) -> Iterator[tuple[ProblemLine, Cell]]:
    for line in lines:
        cell = line.cells[at]
        if cell is not None:
            yield line, cell


def _case(suite: Element, line: ProblemLine, cell: Cell) -> str:
    """Adds a case; what became of it."""
    case = SubElement(
        suite, "testcase", name=_plain(line.problem_id), classname=suite.attrib["name"]
    )
    kind, message = _outcome(line, cell)
    if kind:
        SubElement(case, kind, message=_plain(message))
    return kind


def _outcome(line: ProblemLine, cell: Cell) -> tuple[str, str]:
    if cell.error is not None:
        return "error", cell.error
    if not cell.graded:
        return "skipped", cell.reason or "not graded"
    if cell.correct < cell.graded:
        said = "no answer" if cell.answer is None else cell.answer
        return "failure", f"{said!r} for {line.reference!r}: {cell.reason}"
    return "", ""


def _plain(text: str) -> str:
    return UNTOLD.sub("�", text)[:MESSAGE]
