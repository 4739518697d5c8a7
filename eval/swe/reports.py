"""What a grading comes to: a report for each instance, one for the run, and figures with intervals.

The first two in the form of SWE-bench 5 (schema 2), so that its tools read them; what is ours stands
under one key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, ValidationError, convert, to_builtins

from tts.errors import BadInput
from tts.eval.statistics import Estimate, PairedDifference, paired_difference, wilson
from tts.eval.swe.grade import GradedPrediction
from tts.eval.swe.predictions import OURS
from tts.verifiers.repository import Standing

SCHEMA = 2
CLASSES: Mapping[Standing, str] = {
    "resolved": "resolved",
    "unresolved": "unresolved",
    "infrastructure": "infra_failure",
    "ambiguous": "ambiguous_failure",
    "empty": "empty_patch",
    "error": "error",
}
"""Our words for verdicts, and those of SWE-bench's reports."""


WORDS = {
    "passed": "PASSED",
    "failed": "FAILED",
    "error": "ERROR",
    "skipped": "SKIPPED",
    "xfailed": "XFAIL",
    "xpassed": "PASSED",
}
"""Our words for results, and those of SWE-bench's logs; a missing test has none."""


class Figures(Struct, frozen=True, kw_only=True):
    """What is said of one model: never a share without its interval."""

    model: str
    instances: int
    """That were asked for; the denominator, whatever failed."""
    submitted: int
    resolved: Estimate
    """Share of the instances, with a 95 % interval (Wilson 1927)."""
    standings: dict[str, int]
    dollars: float | None
    """An instance, on average; None: nobody recorded it."""
    tokens: float | None
    flagged: Estimate
    """Share of the submitted patches with a sign of cheating."""
    forged: int
    isolation: str


def figures(model: str, graded: Sequence[GradedPrediction], asked: Sequence[str]) -> Figures:
    """The figures of one model's predictions on the instances asked for."""
    counts = dict.fromkeys(CLASSES, 0)
    for one in graded:
        counts[one.verdict.standing] += 1
    n = max(1, len(asked))
    flagged = sum(bool(one.signs) or one.verdict.forged for one in graded)
    levels = sorted({one.verdict.isolation for one in graded})
    return Figures(
        model=model,
        instances=len(asked),
        submitted=len(graded),
        resolved=wilson(counts["resolved"], n),
        standings={word: count for word, count in counts.items() if count},
        dollars=_mean(graded, "dollars"),
        tokens=_mean(graded, "tokens"),
        flagged=wilson(flagged, max(1, len(graded))),
        forged=sum(one.verdict.forged for one in graded),
        isolation=", ".join(levels),
    )


def _mean(graded: Sequence[GradedPrediction], what: str) -> float | None:
    """Of all that were submitted; unknown where one of them is."""
    known = [one.prediction.cost.get(what) for one in graded]
    if not known or any(not isinstance(value, int | float) for value in known):
        return None
    return sum(float(value) for value in known if value is not None) / len(known)


def compared(
    first: Sequence[GradedPrediction], second: Sequence[GradedPrediction], seed: int = 0
) -> PairedDifference | None:
    """Two models on the instances that both were graded on, paired by instance.

    What the machine failed on says nothing of either and is left out.
    """
    return paired_difference(_shares(first), _shares(second), seed=seed)


def _shares(graded: Sequence[GradedPrediction]) -> dict[str, float]:
    return {
        one.prediction.instance_id: float(one.verdict.resolved)
        for one in graded
        if one.verdict.standing != "infrastructure"
    }


def run_report(graded: Sequence[GradedPrediction], asked: Sequence[str]) -> dict[str, Any]:
    """The report of a run, schema 2; our own figures under one key."""
    ids: dict[str, list[str]] = {name: [] for name in CLASSES.values()}
    for one in graded:
        ids[CLASSES[one.verdict.standing]].append(one.prediction.instance_id)
    submitted = sorted(one.prediction.instance_id for one in graded)
    ids["submitted"] = submitted
    ids["completed"] = sorted(ids["resolved"] + ids["unresolved"])
    report: dict[str, Any] = {"total_instances": len(asked)}
    for name, found in ids.items():
        report[f"{name}_instances"] = len(found)
        report[f"{name}_ids"] = sorted(found)
    report["incomplete_ids"] = sorted(set(asked) - set(submitted))
    report["failure_reasons"] = {
        one.prediction.instance_id: one.verdict.reason
        for one in graded
        if one.verdict.standing in ("infrastructure", "ambiguous", "error")
    }
    model = graded[0].prediction.model if graded else ""
    return {**report, "schema_version": SCHEMA, OURS: to_builtins(figures(model, graded, asked))}


def instance_report(one: GradedPrediction) -> dict[str, Any]:
    """The report of one instance, as SWE-bench writes it beside its log."""
    verdict = one.verdict
    groups: dict[str, dict[str, list[str]]] = {
        name: {"success": [], "failure": []}
        for name in ("FAIL_TO_PASS", "PASS_TO_PASS", "FAIL_TO_FAIL", "PASS_TO_FAIL")
    }
    for test in verdict.tests:
        groups[test.must.upper()]["success" if test.passed else "failure"].append(test.id)
    infra = verdict.standing in ("infrastructure", "ambiguous")
    report: dict[str, Any] = {
        "patch_is_None": one.prediction.patch is None,
        "patch_exists": bool(one.prediction.patch),
        "patch_successfully_applied": verdict.standing not in ("error", "empty"),
        "resolved": verdict.resolved,
        "infra_failure": infra,
        "tests_status": groups,
    }
    if infra:
        report["infra_failure_reason"] = verdict.reason
    ours = {
        "standing": verdict.standing,
        "reason": verdict.reason,
        "restored": list(verdict.restored),
        "forged": verdict.forged,
        "isolation": verdict.isolation,
        "signs": to_builtins(one.signs),
        "patch_sha256": one.prediction.digest,
    }
    return {one.prediction.instance_id: {**report, OURS: ours}}


def write_logs(out: Path, run_id: str, graded: Sequence[GradedPrediction]) -> None:
    """`logs/run_evaluation/<run>/<model>/<instance>/…` for each prediction."""
    for one in graded:
        model = one.prediction.model.replace("/", "__")
        place = out / "logs" / "run_evaluation" / run_id / model / one.prediction.instance_id
        place.mkdir(parents=True, exist_ok=True)
        (place / "patch.diff").write_text(one.prediction.patch or "", errors="surrogateescape")
        (place / "test_output.txt").write_text(log_of(one), errors="replace")
        (place / "report.json").write_text(json.dumps(instance_report(one), indent=1) + "\n")


def log_of(one: GradedPrediction) -> str:
    """What the tests printed, and behind it their results between the marks of SWE-bench, so that its
    own grading reads them; what was printed before the marks is no result to it."""
    if not one.verdict.tests:
        return one.verdict.log
    printed = one.verdict.log.replace(">>>>>", "> >>>>")
    lines = [f"{WORDS[test.word]} {test.id}" for test in one.verdict.tests if test.word in WORDS]
    code = 1 if any(test.word in ("failed", "error") for test in one.verdict.tests) else 0
    marks = [">>>>> Start Test Output", *lines, ">>>>> End Test Output"]
    return "\n".join([printed, *marks, f">>>>> Test Exit Code: {code}", ""])


def write_run_report(
    out: Path, run_id: str, graded: Sequence[GradedPrediction], asked: Sequence[str]
) -> Path:
    """`<model>.<run>.json`; returns where it is."""
    model = graded[0].prediction.model if graded else "none"
    path = out / f"{model.replace('/', '__')}.{run_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run_report(graded, asked), indent=1) + "\n")
    return path


class SavedReport(Struct, frozen=True, kw_only=True):
    """A run report that was read back."""

    figures: Figures
    shares: dict[str, float]
    """1 or 0 of each instance that was judged; what the machine failed on is left out."""


def read_run_reports(folder: Path) -> list[SavedReport]:
    """The reports of a folder, by name; raises `BadInput` where there is none of ours."""
    found = [one for path in sorted(folder.glob("*.json")) if (one := _saved(path)) is not None]
    if not found:
        raise BadInput(f"{folder}: no report of `tts swe grade` in it.")
    return found


def _saved(path: Path) -> SavedReport | None:
    try:
        told = json.loads(path.read_text())
        summary = convert(told[OURS], Figures)
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
    judged = {*told["resolved_ids"], *told["unresolved_ids"]}
    judged |= {*told["empty_patch_ids"], *told["error_ids"], *told["ambiguous_failure_ids"]}
    right = set(told["resolved_ids"])
    return SavedReport(figures=summary, shares={one: float(one in right) for one in judged})
