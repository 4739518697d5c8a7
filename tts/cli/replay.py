"""`tts replay`: recorded generations under other rules, on the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rich.status import Status
from rich.table import Table
from rich.text import Text

from tts.backends.replay import SampleRow, split_source
from tts.cli.exits import run
from tts.cli.figures import gap, percent, plain_table, short, sure
from tts.cli.measures import hindsight, measures_table, show_steps, stops_at
from tts.cli.screen import Screen, json_text, warn, write_out
from tts.errors import UsageError
from tts.eval.problems import load_problem_set
from tts.eval.replay import Asked, LabReport, Plan, Replayed, Setting, lab
from tts.eval.replay.crossfit import CrossFitted
from tts.eval.replay.importers import import_rows, kind_of, read_fields, sample_rows, write_pool
from tts.eval.replay.replayed import ORDERS
from tts.eval.replay.step_files import first_row, is_step_file
from tts.values import Budget
from tts.values.visible import visible

MOST_CURVES = 4
"""Settings of which every point is shown; of more, the first and the last."""
T = TypeVar("T")
PATIENCE, LIVE_EVERY, PLAIN_EVERY = 1.0, 0.25, 10.0
"""Seconds of silence at first, and between two words on a terminal or elsewhere."""


def asked_of(
    files: Sequence[str],
    *,
    tasks: Sequence[str],
    ks: str = "",
    strategies: Sequence[str] = (),
    controllers: Sequence[Path] = (),
    budgets: Sequence[str] = (),
    orders: int = ORDERS,
    seed: int,
    prices: Path | None,
    problems: str = "",
    fit: int = 0,
    metrics: bool = False,
    fields: Sequence[str] = (),
) -> Asked:
    """The flags as values; `UsageError` names the one that is wrong."""
    if orders < 1:
        raise UsageError(f"--orders is at least 1, not {orders}.")
    if fit < 0:
        raise UsageError(f"--fit is a number of draws, not {fit}.")
    if budgets and not strategies and not controllers:
        raise UsageError("--budget caps strategies: name one with --strategy or --controller.")
    return Asked(
        sources=tuple(files),
        tasks=tuple(tasks),
        ks=numbers_of(ks),
        plans=_plans(strategies, controllers),
        budgets=tuple(map(_ceiling, budgets or ("none",))),
        orders=orders,
        seed=seed,
        prices=prices,
        problems=tuple(load_problem_set(problems).problems) if problems else (),
        fit=fit or None,
        measures=metrics,
        fields=read_fields(fields),
    )


def _plans(strategies: Sequence[str], controllers: Sequence[Path]) -> tuple[Plan, ...]:
    """The engine is imported for them alone: curves come without it."""
    if not strategies and not controllers:
        return ()
    from tts.eval.replay.controller import controller
    from tts.eval.replay.rules import plan_of

    return (*map(plan_of, strategies), *map(controller, controllers))


def _ceiling(text: str) -> tuple[str, Budget | None]:
    if text == "none":
        return "", None
    from tts.engine import parse_budget

    return text, parse_budget(text)


def numbers_of(text: str) -> tuple[int, ...]:
    """`1,4,16` as numbers; `UsageError` for what is none."""
    try:
        found = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(f"--k takes whole numbers such as 1,4,16, not {text!r}.") from None
    if any(k < 1 for k in found):
        raise UsageError(f"--k: every k is at least 1, not {min(found)}.")
    return found


def show_replay(asked: Asked, *, as_json: bool, out: Path | None = None) -> None:
    """Replay and show the curves, the rules and the frontier; of labelled steps their figures."""
    paths = [split_source(one)[0] for one in asked.sources]
    steps = [
        path
        for path in paths
        if not asked.fields and path.is_file() and is_step_file(first_row(path))
    ]
    if steps:
        show_steps(steps, as_json=as_json)
        return
    grading = Grading(Screen(stderr=True))
    report = run(grading.through(lab(asked, grading)))
    if out is not None:
        write_page(report, out)
    if as_json:
        write_out(json_text(report))
        return
    console = Screen()
    names = {setting.name: str(at) for at, setting in enumerate(report.settings, start=1)}
    if len(report.settings) <= MOST_CURVES:
        for setting in report.settings:
            console.print(curve_table(setting, _numbered(names, setting.name)))
    else:
        console.print(summary_table(report.settings))
        for name, number in names.items():
            console.print(Text(f" {number:>2}  {visible(name, 70)}"))
    labels = dict.fromkeys(_worded(rule) for one in report.settings for rule in one.rules)
    if labels:
        console.print(rules_table(report.settings, names, list(labels)))
        for at, label in enumerate(labels, start=1):
            console.print(Text(f" {at:>2}  {visible(label, 74)}"))
    for setting in report.settings:
        if setting.fitted is not None:
            console.print(Text(_fitted(setting.fitted, _numbered(names, setting.name))))
        if setting.turning is not None and len(report.settings) <= MOST_CURVES:
            console.print(Text(stops_at(setting.turning, _numbered(names, setting.name))))
        if setting.measures is not None:
            console.print(measures_table(setting.measures, _numbered(names, setting.name)))
    if asked.measures:
        for path in paths:
            show_selected(path, console)
    if report.oracles is not None:
        console.print(Text(hindsight(report.oracles)))
    if report.frontier:
        console.print(frontier_table(report, names))
    for name, note in _notes(report):
        console.print(Text(f"! {visible(name, 60)}: {note}" if name else f"! {note}"))


class Grading:
    """Says how far the grading is once it takes a while: in place on a terminal, else now and then."""

    def __init__(self, console: Screen) -> None:
        self._console, self._told = console, Text()
        self._status = Status(self._told, console=console)

    def __call__(self, model: str, done: int, of: int) -> None:
        self._told = Text(f"{visible(model, 60)}: {done:,} of {of:,} problems, comparing answers")

    async def through(self, work: Awaitable[T]) -> T:
        """What the work gives; the words stay on standard error and leave a terminal's screen."""
        ticker = asyncio.create_task(self._tick())
        try:
            return await work
        finally:
            ticker.cancel()
            self._status.stop()

    async def _tick(self) -> None:
        await asyncio.sleep(PATIENCE)
        while True:
            if self._console.is_terminal:
                self._status.update(self._told)
                self._status.start()
            else:
                self._console.print(self._told)
            await asyncio.sleep(LIVE_EVERY if self._console.is_terminal else PLAIN_EVERY)


def show_selected(path: Path, console: Screen) -> None:
    """Of a ledger, what selection got of what was drawn: a line for each strategy."""
    if kind_of(path) != "ledger":
        return
    from tts.eval.selected import selected  # the engine, for ledgers alone

    rows = [
        (
            visible(f"{one.strategy}, {one.budget}" if one.budget else one.strategy, 60),
            str(one.problems),
            sure(one.random),
            sure(one.selected),
            sure(one.oracle),
            sure(one.recovered),
            *((sure(one.ranking.ranked), gap(one.ranking.gain)) if one.ranking else ("", "")),
        )
        for one in run(selected(path))
    ]
    heads = (
        *("strategy", "problems", "random", "selected", "oracle", "recovered"),
        *("NDCG@10", "Δ to unranked"),
    )
    console.print(plain_table("selection among what was drawn, in percent", heads, rows, left=1))


def write_page(report: LabReport, out: Path) -> None:
    """The page of the report with its data, in a folder."""
    from tts.cli.report import write_report
    from tts.eval.replay.page import page_report

    for path in write_report(page_report(report), out, ""):
        warn(f"wrote {path}", "dim")


def _numbered(names: Mapping[str, str], name: str) -> str:
    """A model's name, and where there are several its number before it."""
    return visible(name, 70) if len(names) < 2 else f"{names[name]}  {visible(name, 66)}"


def write_rows(asked: Asked, target: Path) -> None:
    """The rows of all files as one pool, in the layout of `docs/replay.md`."""

    async def read() -> list[SampleRow]:
        found = list[SampleRow]()
        for source in asked.sources:
            path, model = split_source(source)
            imported = await import_rows(path, asked.problems, asked.fields)
            found += [row for row in imported.rows if model in (None, row.model)]
            for note in imported.notes:
                warn(f"{path}: {note}")
        return found

    count = write_pool(target, run(read()))
    Screen().print(Text(f"wrote {count:,} rows to {target}"))


def export_pool(place: str, job: str, target: Path) -> None:
    """Every whole draw of a recorded job as a row of a pool."""
    from tts.eval.replay.importers.ledger import ledger_rows

    found = run(ledger_rows(place, job))
    count = write_pool(target, sample_rows(Path(place), found.rows))
    for note in found.notes:
        warn(f"{place}: {note}")
    Screen().print(Text(f"wrote {count:,} rows to {target}"))


def export_inspect(place: str, job: str, folder: Path) -> None:
    """Every strategy under every budget of a recorded job as a log of inspect_ai."""
    from tts.eval.replay.inspect_log import write_inspect_logs

    written = run(write_inspect_logs(place, job, folder))
    Screen().print(Text(f"wrote {len(written)} logs to {folder}"))


def curve_table(setting: Setting, title: str) -> Table:
    """One row per k."""
    rows = [
        (
            str(point.k),
            *(sure(found) for found in (point.passed, point.majority, point.best)),
            f"{point.tokens + point.score_tokens:,.0f}",
            short(point.dollars),
            short(point.seconds),
        )
        for point in setting.curve
    ]
    told = f"{title}\n{setting.problems} problems, {setting.draws:,} draws"
    return plain_table(told, ("k", "pass@k", "maj@k", "best of k", "tokens", "$", "s"), rows)


def summary_table(settings: Sequence[Setting]) -> Table:
    """One row per model, by its number: one draw, and as many as every problem has."""
    rows = []
    for at, setting in enumerate(settings, start=1):
        one, most = setting.curve[0], min(setting.fewest, setting.curve[-1].k)
        last = next(point for point in reversed(setting.curve) if point.k <= most or point is one)
        rows.append(
            (
                str(at),
                sure(one.passed),
                str(last.k),
                *(percent(found) for found in (last.majority, last.best, last.passed)),
                f"{one.tokens:,.0f}",
                short(one.dollars),
                short(one.seconds),
            )
        )
    names = ("model", "pass@1", "k", "maj@k", "best", "pass@k", "tokens", "$", "s")
    return plain_table("one draw, and k of them; costs of one", names, rows)


def rules_table(
    settings: Sequence[Setting], names: Mapping[str, str], labels: Sequence[str]
) -> Table:
    """One row per model and rule, by their numbers; seconds where there is room."""
    several = len(names) > 1
    rows = [
        (
            names[setting.name] if several else "",
            str(labels.index(_worded(rule)) + 1),
            sure(rule.accuracy),
            gap(rule.difference),
            f"{rule.draws:.2f} {rule.share:.0%}",
            f"{rule.tokens + rule.score_tokens:,.0f}",
            short(rule.dollars),
            "" if several else short(rule.seconds),
        )
        for setting in settings
        for rule in setting.rules
    ]
    heads = ("model", "rule", "accuracy", "Δ to all", "draws", "tokens", "$", "s")
    return plain_table("strategies on the recorded draws", heads, rows)


def _fitted(found: CrossFitted, title: str) -> str:
    low, high = found.thresholds
    return (
        f"{title}\n best of {found.n}, stopped at a score learnt on other problems"
        f" ({low:.3g} to {high:.3g}):\n {sure(found.accuracy)} with {sure(found.share)} % of"
        f" the draws; {gap(found.difference)} to all"
    )


def _worded(rule: Replayed) -> str:
    return f"{rule.label}, {rule.budget}" if rule.budget else rule.label


def frontier_table(report: LabReport, names: Mapping[str, str]) -> Table:
    """What nothing else beats at equal or lower cost; models by their numbers."""
    rows = [
        (
            visible(point.label, 90),
            names[point.setting] if len(names) > 1 else "",
            f"${point.cost:.3g}" if report.cost == "dollars" else f"{point.cost:,.0f}",
            sure(point.accuracy),
        )
        for point in report.frontier
    ]
    heads = ("way", "model", f"{report.cost} a problem", "accuracy")
    return plain_table(f"nothing beats these for fewer {report.cost}", heads, rows, left=1)


def _notes(report: LabReport) -> Iterable[tuple[str, str]]:
    for setting in report.settings[:MOST_CURVES]:
        yield from ((setting.name, note) for note in setting.notes)
    if untold := [one.name for one in report.settings[MOST_CURVES:] if one.notes]:
        yield "", f"Of {len(untold)} more models something is missing: --json or --out tells what."
    yield from (("", note) for note in report.notes)
