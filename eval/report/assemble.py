"""From recorded runs to a report, with what a reader of its figures has to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from tts.eval.attempts import Attempt
from tts.eval.idealised import Idealised
from tts.eval.metrics.text_answers import references_of
from tts.eval.report.comparison_report import Cell, ComparisonReport, Curve, ProblemLine
from tts.eval.report.equal_spend import with_equal_spend
from tts.eval.report.rows import Row, missing_of, row_of, solved_shares, total
from tts.eval.statistics import (
    FEWEST,
    TOO_FEW,
    PairedDifference,
    holm,
    paired_difference,
    verdict,
)
from tts.values import OPEN, Problem
from tts.values.visible import visible

Group = tuple[str, str]

REASONS = 3
"""Reasons that are told of one kind of end; the data of the report holds all of them."""
OUT = ": left out of the accuracy, kept in the cost."


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
    idealised: Idealised | None = None,
) -> ComparisonReport:
    """Rows in order of first appearance, each compared with the baseline strategy.

    The counterpart of a row is the baseline under the same budget or, where the baseline ran
    under one budget only, that one. A baseline that has not run gives a warning and no
    differences: a partial comparison still has its report. `seed` is that of the bootstrap,
    `planned` the number of runs of a whole row, `idealised` the fits of its models. Beside the
    difference to its counterpart a row has those at equal spend. Fewer than `FEWEST` problems in
    common are too few to say anything of a difference, and get no figures.
    """
    groups: dict[Group, list[Attempt]] = {}
    for attempt in attempts:
        groups.setdefault((attempt.strategy, attempt.budget), []).append(attempt)
    members = [attempt for group in groups.values() for attempt in group]
    bins = {problem.id: problem.difficulty_bin for problem in problems}
    references = {one.id: references_of(one) for one in problems if one.task == "qa"}
    rows = {
        group: row_of(members, bins, planned=planned, idealised=idealised, references=references)
        for group, members in groups.items()
    }
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
    rows = with_equal_spend(rows, shares, baseline, seed=seed)
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
        attributed=total(run.attributed for run in runs) if len(runs) > 1 else runs[0].attributed,
        run_id=runs[0].run_id,
    )


def cautions(rows: Sequence[Row]) -> tuple[str, ...]:
    """Sentences on runs left out, undecided or unpriced, and on rows of unequal n."""
    runs = sum(row.runs for row in rows)
    failed = sum(row.stopped_by.get("failed", 0) for row in rows)
    suspended = sum(row.stopped_by.get("suspended", 0) for row in rows)
    outages = sum(row.stopped_by.get("outage", 0) for row in rows)
    others = sum(row.ungraded for row in rows) - failed - suspended - outages
    early = sum(row.early for row in rows)
    undecided = sum(row.undecided for row in rows)
    unpriced = sum(row.attributed.nanodollars is None for row in rows)
    sizes = [row.n for row in rows]
    said = {
        f"{failed:,} of {runs:,} runs failed{OUT}": failed,
        f"{suspended:,} of {runs:,} runs are suspended, by the wallet or a person{OUT}": suspended,
        f"{outages:,} of {runs:,} runs are open after an outage{OUT}": outages,
        f"{others:,} of {runs:,} runs have nothing to be graded by{OUT}": others > 0,
        f"{early:,} of {runs:,} runs ended ahead of their turn, as quick ones do: left out of the "
        "accuracy of this part, kept in the cost.": early,
        f"{undecided:,} of {runs:,} answers could not be compared with the reference and count "
        "as wrong.": undecided,
        f"The rows rest on {min(sizes, default=0)} to {max(sizes, default=0)} problems; differences "
        "are taken over the problems that both have.": len(set(sizes)) > 1,
        f"The price of {unpriced} of {len(rows)} rows is unknown.": unpriced,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)


def endings(attempts: Sequence[Attempt]) -> list[str]:
    """What did not end as it should: how many runs, and for which reasons."""
    told = []
    if still := [one for one in attempts if one.stopped_by in OPEN]:
        why = counted(Counter(one.error or one.stopped_by for one in still))
        told.append(f"{_runs(still)} open: the same command goes on. Why: {why}")
    if failed := [one for one in attempts if one.stopped_by == "failed"]:
        why = counted(Counter(one.error or "no reason" for one in failed))
        told.append(
            f"{len(failed)} of {len(attempts)} runs failed: --retry-failed runs them again. Why: {why}"
        )
    if missing := missing_of(attempts):
        short = [one for one in attempts if one.missing]
        told.append(
            f"{sum(missing.values())} draws or verdicts of {len(short)} runs never came. "
            f"Why: {counted(missing)}"
        )
    if blank := Counter(one.no_answer for one in attempts if one.no_answer):
        told.append(
            f"{blank.total()} of {len(attempts)} runs ended without an answer. "
            f"Why: {counted(blank)}"
        )
    return told


def _runs(attempts: Sequence[Attempt]) -> str:
    return f"{len(attempts)} run is" if len(attempts) == 1 else f"{len(attempts)} runs are"


def counted(reasons: Mapping[str, int]) -> str:
    """The most frequent reasons, each with how often it was met."""
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = "; ".join(f"{count} × {visible(reason, 200)}" for reason, count in ordered[:REASONS])
    more = sum(count for _, count in ordered[REASONS:])
    return shown + (f"; {more} × something else" if more else "")
