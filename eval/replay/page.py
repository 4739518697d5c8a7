"""A replay as the report of a comparison: the same page, its curves over tokens and dollars."""

from __future__ import annotations

from collections.abc import Iterator

from tts.eval.replay.curves import CurvePoint
from tts.eval.replay.lab import LabReport, Setting
from tts.eval.replay.replayed import Replayed
from tts.eval.report import ComparisonReport
from tts.eval.report.comparison_report import Curve, Point
from tts.eval.report.rows import Row
from tts.eval.statistics import Estimate
from tts.values import NANO, NOTHING, Usage


def page_report(report: LabReport) -> ComparisonReport:
    """Rows of single draws, votes, selections by score and strategies, model by model.

    Each point of a curve is a row, so that votes and selections over k are the curves of the page;
    pass@k, which no selection reaches, stands beside them. Costs are what the recorded draws took,
    and nothing was billed.
    """
    several = len(report.settings) > 1
    rows = [row for one in report.settings for row in _rows(one, several=several)]
    sources = ", ".join(dict.fromkeys(one.source for one in report.settings))
    return ComparisonReport(
        title=f"Replay of {sources}",
        manifest=(
            ("models", ", ".join(one.name for one in report.settings)),
            ("draws", f"{sum(one.draws for one in report.settings):,}"),
        ),
        rows=tuple(rows),
        reference_curves=tuple(_coverage(one, several=several) for one in report.settings),
        verdicts=tuple(_differences(report)),
        warnings=tuple(
            [f"{one.name}: {note}" for one in report.settings for note in one.notes]
            + list(report.notes)
        ),
    )


def _rows(setting: Setting, *, several: bool) -> Iterator[Row]:
    for point in setting.curve:
        if point.k == 1:
            yield _row(_named("one draw", setting, several), "", point, point.passed)
        elif point.majority is not None:
            yield _row(_named("majority", setting, several), f"k={point.k}", point, point.majority)
        if point.k > 1 and point.best is not None:
            name = _named("best of k", setting, several)
            yield _row(name, f"k={point.k}", point, point.best, scored=True)
    for rule in setting.rules:
        spent = _usage(rule, rule.draws, rule.score_tokens)
        yield _made(_named(rule.label, setting, several), rule.budget, rule, spent, rule.accuracy)


def _named(way: str, setting: Setting, several: bool) -> str:
    return f"{way}, {setting.name}" if several else way


def _row(
    name: str, budget: str, point: CurvePoint, accuracy: Estimate, *, scored: bool = False
) -> Row:
    spent = _usage(point, point.k, point.score_tokens if scored else 0.0)
    return _made(name, budget, point, spent, accuracy)


def _made(
    name: str, budget: str, found: CurvePoint | Replayed, spent: Usage, accuracy: Estimate
) -> Row:
    return Row(
        strategy=name,
        budget=budget,
        n=found.n,
        runs=found.n,
        accuracy=accuracy,
        attributed=spent,
        billed=NOTHING,
        seconds=None if found.seconds is None else found.seconds * found.n,
        stopped_by={"done": found.n},
    )


def _usage(found: CurvePoint | Replayed, draws: float, scoring: float) -> Usage:
    """Of all problems; what scoring takes, it reads."""
    n, dollars = found.n, found.dollars
    return Usage(
        calls=round(draws * n),
        prompt_tokens=round((found.prompt_tokens + scoring) * n),
        completion_tokens=round((found.tokens - found.prompt_tokens) * n),
        nanodollars=None if dollars is None else round(dollars * n * NANO),
        flops=None,
        gpu_microseconds=None,
    )


def _coverage(setting: Setting, *, several: bool) -> Curve:
    points = (
        Point(point.tokens, point.passed, f"pass@{point.k}", point.n) for point in setting.curve
    )
    return Curve(_named("pass@k", setting, several), tuple(points))


def _differences(report: LabReport) -> Iterator[str]:
    for setting in report.settings:
        for rule in setting.rules:
            if (gap := rule.difference) is not None:
                value, low, high = (100 * one for one in (gap.value, gap.low, gap.high))
                yield (
                    f"{rule.label}, {setting.name}: {value:+.1f} points [{low:+.1f}, {high:+.1f}]"
                    f" to all draws, with {rule.share:.0%} of them."
                ).replace("-", "−")
