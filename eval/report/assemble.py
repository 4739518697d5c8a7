"""From recorded runs to a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add

from msgspec.structs import replace

from tts.eval.attempts import Attempt
from tts.eval.report.cautions import cautions, endings
from tts.eval.report.comparison_report import Cell, ComparisonReport, Curve, ProblemLine
from tts.eval.report.rows import Row, row_of, solved_shares
from tts.eval.statistics import (
    FEWEST,
    TOO_FEW,
    PairedDifference,
    holm,
    paired_difference,
    verdict,
)
from tts.values import NOTHING, Problem
from tts.values.visible import visible

Group = tuple[str, str]


def assemble(
    attempts: Iterable[Attempt],
    problems: Sequence[Problem],
    *,
    title: str,
    seed: int,
    baseline: str | None = None,
    manifest: Mapping[str, str] | None = None,
    reference_curves: Sequence[Curve] = (),
    notes: Sequence[str] = (),
    warnings: Sequence[str] = (),
    fault: str = "",
    partial: str = "",
    planned: int | None = None,
) -> ComparisonReport:
    """Rows in order of first appearance, each compared with the baseline strategy.

    The counterpart of a row is the baseline under the same budget or, where the baseline ran
    under one budget only, that one. A baseline that has not run gives a warning and no
    differences: a partial comparison still has its report. `seed` is that of the bootstrap,
    `planned` the number of runs of a whole row. Fewer than `FEWEST` problems in common are too
    few to say anything of a difference, and get no figures.
    """
    groups: dict[Group, list[Attempt]] = {}
    for attempt in attempts:
        groups.setdefault((attempt.strategy, attempt.budget), []).append(attempt)
    members = [attempt for group in groups.values() for attempt in group]
    bins = {problem.id: problem.difficulty_bin for problem in problems}
    rows = {group: row_of(members, bins, planned=planned) for group, members in groups.items()}
    compared = _compared(groups, rows, baseline, seed)
    return ComparisonReport(
        title=title,
        manifest=tuple((manifest or {}).items()),
        partial=partial,
        rows=compared,
        problems=problem_lines(problems, list(groups.values())),
        reference_curves=tuple(reference_curves),
        verdicts=tuple(_sentence(row) for row in compared if row.against is not None),
        notes=tuple(notes),
        fault=fault,
        warnings=(*warnings, *_absent(baseline, groups), *endings(members), *cautions(compared)),
    )


def _compared(
    groups: Mapping[Group, list[Attempt]],
    rows: Mapping[Group, Row],
    baseline: str | None,
    seed: int,
) -> tuple[Row, ...]:
    shares = {group: solved_shares(members) for group, members in groups.items()}
    against: dict[Group, Group] = {}
    pairs: dict[Group, PairedDifference] = {}
    for group in groups:
        other = _counterpart(group, groups, baseline)
        found = paired_difference(shares[group], shares[other], seed=seed) if other else None
        if other and found:
            against[group] = other
        if found and found.n >= FEWEST:
            pairs[group] = found
    corrected = dict(zip(pairs, holm([found.p for found in pairs.values()]), strict=True))
    return tuple(
        replace(
            row,
            against=rows[against[group]].label,
            difference=pairs.get(group),
            p_holm=corrected.get(group),
        )
        if group in against
        else row
        for group, row in rows.items()
    )


def _counterpart(group: Group, groups: Iterable[Group], baseline: str | None) -> Group | None:
    if baseline is None or group[0] == baseline:
        return None
    offered = [other for other in groups if other[0] == baseline]
    same = next((other for other in offered if other[1] == group[1]), None)
    return same or (offered[0] if len(offered) == 1 else None)


def _absent(baseline: str | None, groups: Iterable[Group]) -> list[str]:
    if baseline is None or any(strategy == baseline for strategy, _ in groups):
        return []
    return [f"The baseline {baseline} has no run here, so there are no differences."]


def _sentence(row: Row) -> str:
    names = visible(row.label, 80), visible(row.against, 80)
    said = TOO_FEW if row.difference is None else verdict(row.difference, p=row.p_holm)
    return f"{names[0]} against {names[1]}: {said}"


def problem_lines(
    problems: Sequence[Problem], groups: Sequence[Sequence[Attempt]]
) -> tuple[ProblemLine, ...]:
    """One line per problem, one cell per group of runs."""
    tables = [_by_problem(group) for group in groups]
    return tuple(
        ProblemLine(
            problem_id=problem.id,
            prompt=problem.prompt,
            reference=problem.answer,
            difficulty_bin=problem.difficulty_bin,
            cells=tuple(_cell(table.get(problem.id, [])) for table in tables),
        )
        for problem in problems
    )


def _by_problem(group: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    table: dict[str, list[Attempt]] = {}
    for attempt in sorted(group, key=lambda one: one.replicate):
        table.setdefault(attempt.problem_id, []).append(attempt)
    return table


def _cell(runs: Sequence[Attempt]) -> Cell | None:
    if not runs:
        return None
    return Cell(
        correct=sum(run.grade.correct is True for run in runs),
        graded=sum(run.grade.correct is not None for run in runs),
        runs=len(runs),
        answer=runs[0].answer,
        reason=runs[0].grade.reason,
        stopped_by=runs[0].stopped_by,
        error=next((run.error for run in runs if run.error is not None), None),
        attributed=reduce(add, (run.attributed for run in runs), NOTHING),
    )
