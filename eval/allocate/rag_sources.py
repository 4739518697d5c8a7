"""Measured retrieval settings from where they are: lines, reports of comparisons, ledgers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tts.engine import parse_strategy
from tts.errors import BadInput, UsageError
from tts.eval.allocate.rag_table import READERS, Setting, read_settings
from tts.eval.recorded import recorded_report
from tts.eval.report import ComparisonReport, to_csv

SQLITE = b"SQLite format 3\x00"
KNOWN: Mapping[str, str] = {name: name for name in READERS} | {
    "zero_shot_qa": "drag",
    "many_shot_qa": "drag",
}
"""Strategies whose settings the laws know; without documents they are the ends of DRAG's axes."""


async def measured_settings(place: Path, job: str = "") -> tuple[Setting, ...]:
    """The settings of JSON lines, of a report (`report.csv`, `report.json`) or of a job's ledger.

    A report's row counts with its accuracy and the longest effective context of its questions; one
    that a ceiling ended, that votes over samples, or of another strategy does not. Raises `BadInput`
    where nothing is left.
    """
    kind = _kind(place)
    if kind == "lines":
        return read_settings(place)
    rows = await _rows(place, kind, job)
    found = tuple(one for one in map(_setting, rows) if one is not None)
    if not found:
        raise BadInput(
            f"{place}: holds no whole run of {', '.join(KNOWN)} with its accuracy and its context."
        )
    return found


def is_ledger(place: Path) -> bool:
    """Whether a file is a ledger; raises `BadInput` where it cannot be read."""
    try:
        with place.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise BadInput(f"{place}: {error.strerror}.") from error


def _kind(place: Path) -> str:
    if is_ledger(place):
        return "ledger"
    return {".csv": "csv", ".json": "report"}.get(place.suffix.lower(), "lines")


async def _rows(place: Path, kind: str, job: str) -> list[dict[str, str]]:
    """The rows of a report as its CSV names them."""
    try:
        if kind == "csv":
            text = place.read_text(encoding="utf-8")  # noqa: ASYNC240  # once, before anything runs
        elif kind == "report":
            report = msgspec.json.decode(place.read_bytes(), type=ComparisonReport)  # noqa: ASYNC240
            text = to_csv(report)
        else:
            _, report = await recorded_report(place, job)
            text = to_csv(report)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadInput(f"{place}: is no report ({error}).") from error
    return list(csv.DictReader(text.splitlines()))


def _setting(row: Mapping[str, Any]) -> Setting | None:
    """None for what the laws do not know, or what its budget ended."""
    number = {name: _number(row.get(name)) for name in NEEDED}
    tokens, score = number["longest_context"], number["accuracy"]
    try:
        strategy = parse_strategy(row.get("strategy") or "")
    except UsageError:
        return None
    told = strategy.parameters
    capped = (number["stopped_by_budget"] or 0) + (number["stopped_by_deadline"] or 0)
    if strategy.name not in KNOWN or told.get("samples") != 1 or capped or not tokens:
        return None
    return Setting(
        strategy=KNOWN[strategy.name],
        k=told.get("k", 0),
        m=told.get("m", 0),
        n=told.get("n", 1),
        tokens=tokens,
        score=score,
        dollars=number["dollars_per_run"],
    )


NEEDED: Iterable[str] = (
    "longest_context",
    "accuracy",
    "dollars_per_run",
    "stopped_by_budget",
    "stopped_by_deadline",
)


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
