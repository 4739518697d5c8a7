"""The rows of a report for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins

from tts.eval.report.comparison_report import ComparisonReport
from tts.eval.report.rows import Row
from tts.ledger import spreadsheet_safe
from tts.values.visible import visible


def to_json(report: ComparisonReport) -> str:
    """The whole report; what is unknown is null. ASCII, so that any text survives."""
    return json.dumps(to_builtins(report), indent=1, allow_nan=False)


def to_csv(report: ComparisonReport) -> str:
    """One line per row under a header; what is unknown is an empty cell.

    Labels that a spreadsheet would run as a formula are quoted with an apostrophe.
    """
    lines = [_flat(row) for row in report.rows]
    text = io.StringIO()
    names = list(dict.fromkeys(name for line in lines for name in line))
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: "" if value is None else spreadsheet_safe(value) for name, value in line.items()}
        for line in lines
    )
    return text.getvalue()


def _flat(row: Row) -> dict[str, Any]:
    line: dict[str, Any] = {
        "strategy": row.strategy,
        "budget": row.budget,
        "n": row.n,
        "runs": row.runs,
        "runs_planned": row.planned,
        "ungraded": row.ungraded,
        "undecided": row.undecided,
        **_estimate("accuracy", row.accuracy, sure=row.telling),
        "against": row.against,
        **_estimate("difference", row.difference.estimate if row.difference else None),
        "p": row.difference.p if row.difference else None,
        "p_holm": row.p_holm,
        "test": row.difference.test if row.difference else None,
        **_usage("attributed", row),
        **_usage("billed", row),
        "seconds": row.seconds,
        "reasons": counted(row.reasons),
        "no_answer": counted(row.no_answer),
        "missing": counted(row.missing),
    }
    line |= {f"stopped_by_{name}": number for name, number in sorted(row.stopped_by.items())}
    line |= {f"tokens_{one.role}": one.usage.tokens for one in row.spend}
    return line | {f"accuracy_bin_{one.bin}": one.accuracy.value for one in row.bins}


def counted(reasons: Mapping[str, int]) -> str | None:
    """Reasons with how often each was met, the most frequent first; None without any."""
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return "; ".join(f"{count} x {visible(reason, 300)}" for reason, count in ordered) or None


def reasons_of(row: Row) -> dict[str, dict[str, int]]:
    """What did not end in an answer, by kind and reason."""
    return {
        "failed_or_open": row.reasons,
        "no_answer": row.no_answer,
        "draws_missing": row.missing,
    }


def _estimate(name: str, estimate: Any, *, sure: bool = True) -> dict[str, float | None]:
    return {
        name: estimate.value if estimate else None,
        f"{name}_low": estimate.low if estimate and sure else None,
        f"{name}_high": estimate.high if estimate and sure else None,
    }


def _usage(name: str, row: Row) -> dict[str, Any]:
    usage = getattr(row, name)
    return {
        f"{name}_calls": usage.calls,
        f"{name}_tokens": usage.tokens,
        f"{name}_prompt_tokens": usage.prompt_tokens,
        f"{name}_completion_tokens": usage.completion_tokens,
        f"{name}_dollars": usage.dollars,
    }
