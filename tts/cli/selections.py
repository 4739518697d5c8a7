"""`tts replay --tests`: selection among recorded programs by tests that a model wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.status import Status
from rich.table import Table
from rich.text import Text

from tts.backends.replay import SampleRow, split_source
from tts.cli.exits import run
from tts.cli.figures import gap, percent, plain_table, sure
from tts.cli.screen import Screen, json_text, warn, write_out
from tts.errors import BadInput, UsageError
from tts.eval.problems import load_problem_set
from tts.eval.programs import (
    Executed,
    Executions,
    ProgramPool,
    RuleCurve,
    SelectionReport,
    executed,
    read_program_pool,
    selection_report,
)
from tts.eval.replay.importers import import_rows
from tts.verifiers.sandbox import Sandbox

HEADS = {"max_tests": "tests", "examples": "shown", "agreement": "agree"}
"""Short names of rules, so that a row fits a terminal."""
SAYS_EVERY = 200
"""Executions between two words on how far it is."""


def show_selections(
    files: Sequence[str],
    tests: Path,
    problems: str,
    *,
    executions: Path | None = None,
    inputs: int = 0,
    ks: Sequence[int] = (),
    orders: int,
    seed: int,
    as_json: bool,
) -> None:
    """Execute what the file of executions lacks, and show the curves of every rule."""
    if len(files) != 1:
        raise UsageError("--tests goes with one file of recorded programs.")
    if not problems:
        raise UsageError(
            "--tests needs --problems humaneval:FILE or mbpp:FILE, which says what a program is "
            "asked for and what decides about it."
        )
    pool = run(_pool(files[0], tests, problems))
    path, _ = split_source(files[0])
    kept = Executions(executions or path.with_name(f"{path.name}.executions.jsonl"))
    report = selection_report(
        run(_executed(pool, kept, inputs)), sizes=ks, orders=orders, seed=seed, notes=pool.notes
    )
    if as_json:
        write_out(json_text(report))
        return
    screen = Screen()
    screen.print(curves_table(report))
    screen.print(rules_table(report))
    for one in report.curves:
        if told := stop_told(one):
            screen.print(Text(told))
    for note in report.notes:
        screen.print(Text(f"! {note}"))


async def _pool(source: str, tests: Path, problems: str) -> ProgramPool:
    asked = tuple(load_problem_set(problems).problems)
    return read_program_pool(await rows_of(source), tests, asked)


async def rows_of(source: str) -> list[SampleRow]:
    """The recorded programs of one model; raises `BadInput` where a file holds several."""
    path, model = split_source(source)
    imported = await import_rows(path)
    rows = [row for row in imported.rows if model in (None, row.model)]
    _refuse_several(source, rows)
    return rows


def _refuse_several(source: str, rows: Sequence[SampleRow]) -> None:
    names = sorted({row.model for row in rows})
    if len(names) > 1:
        raise BadInput(f"{source} holds {len(names)} models: name one as {source}#{names[0]}.")


async def _executed(pool: ProgramPool, kept: Executions, inputs: int) -> list[Executed]:
    """Run what is missing, saying now and then how far it is."""
    console = Screen(stderr=True)
    status = Status("", console=console)
    box = Sandbox()

    def told(done: int, of: int) -> None:
        words = f"{done:,} of {of:,} programs executed"
        if console.is_terminal:
            status.update(words)
            status.start()
        elif done % SAYS_EVERY == 0:
            warn(words, "dim")

    try:
        return await executed(pool.tasks, box, kept, told, inputs=inputs)
    finally:
        status.stop()
        kept.close()
        await box.close()


def curves_table(report: SelectionReport) -> Table:
    """One row per number of draws: accuracies in percent, and the share that is recovered."""
    rows = [
        (
            str(n),
            *(f"{100 * one.points[at].value:.1f}" for one in report.curves),
            percent(share),
        )
        for at, (n, share) in enumerate(zip(report.sizes, report.recovered, strict=True))
    ]
    heads = ("N", *(HEADS.get(one.rule, one.rule) for one in report.curves), "got %")
    told = (
        f"{report.tasks} tasks, N programs and N samples of tests, {report.orders} orders\n"
        "got: what agreement gets of the room between random and oracle"
    )
    return plain_table(told, heads, rows)


def rules_table(report: SelectionReport) -> Table:
    """One row per rule: all draws, with an interval, what it has above CodeT, and above itself without
    inputs of our own, where they were tried."""
    tried = any(one.to_blind for one in report.curves)
    rows = [
        (
            one.rule,
            sure(one.points[-1]),
            gap(one.to_rival) if one.rule != "codet" else "",
            *((gap(one.to_blind) if one.to_blind else "",) if tried else ()),
        )
        for one in report.curves
    ]
    heads = ("rule", f"at N={report.sizes[-1]}", "Δ to codet from N=4")
    return plain_table("", (*heads, *(("Δ by inputs",) if tried else ())), rows, left=1)


def stop_told(one: RuleCurve) -> str:
    """Where more draws make a rule worse, and whether that is decided."""
    stops = one.stops
    if stops is None or one.rule in ("random", "oracle") or stops.gain.value <= 0:
        return ""
    sure_of_it = "" if stops.turns else ", which is not decided"
    return (
        f"{one.rule} falls behind N={stops.n} (95 %: {stops.low} to {stops.high}): stop there. It has "
        f"{gap(stops.gain)} to all {stops.most}{sure_of_it}"
    )
