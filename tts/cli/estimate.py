"""`tts estimate`: graph and cost before anything is spent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from rich.text import Text

from tts.answers import task_for
from tts.cli.exits import FAILED, run, run_noting
from tts.cli.screen import Screen, complain, json_text, known_dollars, write_out
from tts.engine import open_session, spell_budget, spell_strategy
from tts.engine.estimate import Estimate, estimate
from tts.errors import UsageError
from tts.eval.jobs import submission
from tts.eval.pilot import LEAST, Pilot, RowForecast, in_dollars, spelled
from tts.eval.problems import problems_of
from tts.eval.recipe import Recipe
from tts.eval.report.terminal import Fitted
from tts.eval.report.wording import duration
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.ledger import Controls
from tts.protocols import Generator
from tts.values import NANO, Problem, Usage
from tts.values.visible import visible

FIGURES = ("runs", "calls", "in a row", "tokens at most", "dollars")
GROUPS = 8
"""Of problems: one dry run of a strategy in each, at the longest of them."""


class Row(Struct, frozen=True):
    """A strategy under a budget: one estimate per group of problems, and the groups' sizes."""

    strategy: str
    budget: str
    estimates: tuple[Estimate, ...]
    sizes: tuple[int, ...]

    def total(self, amount: Callable[[Estimate], int | None]) -> int | None:
        """An amount summed over all problems; unknown where it is unknown for one."""
        each = [amount(one) for one in self.estimates]
        known = [value for value in each if value is not None]
        if len(known) < len(each):
            return None
        return sum(size * value for size, value in zip(self.sizes, known, strict=True))


def show_estimate(parts: Mapping[str, Recipe], *, graph: bool, as_json: bool) -> None:
    """The worst case of every strategy under every budget, for the whole set and every part."""
    console, each, runs, tokens = Screen(), dict[str, Any](), 0, 0
    for name, chosen in parts.items():
        spec = chosen.spec()
        rows = run(_rows(spec))
        runs += spec.repeats * sum(sum(row.sizes) for row in rows)
        tokens += spec.repeats * sum(row.total(at_most) or 0 for row in rows)
        if as_json:
            each[name] = {"title": spec.title, "rows": [plain(row, spec.repeats) for row in rows]}
        else:
            console.print(table(rows, title=spec.title, repeats=spec.repeats))
            show_wording(console, rows[:: max(1, len(spec.budgets))], graph=graph)
    if as_json:
        write_out(json_text({"runs": runs, "tokens_at_most": tokens, "parts": each}))
        return
    console.print(Text(f"In all {runs:,} runs and at most {tokens:,} tokens. Nothing was sent."))
    console.print(Text("Shared draws make the bill smaller than the sum."))


def plain(row: Row, repeats: int) -> dict[str, Any]:
    """A row as JSON-able data: sums over problems and repeats; unknown dollars are None."""
    nanodollars = row.total(lambda one: one.ceiling.nanodollars)
    return {
        "strategy": row.strategy,
        "budget": row.budget,
        "runs": sum(row.sizes) * repeats,
        "calls": repeats * (row.total(lambda one: len(one.calls)) or 0),
        "in_a_row": max((one.depth for one in row.estimates), default=0),
        "tokens_at_most": repeats * (row.total(at_most) or 0),
        "dollars_at_most": None if nanodollars is None else nanodollars * repeats / NANO,
        "cautions": row.estimates[0].cautions if row.estimates else (),
    }


def show_pilot(
    parts: Mapping[str, Recipe], *, problems: int, ledger: str, job: str, as_json: bool
) -> None:
    """Run the first problems of each part, and say what the rest will take.

    They are those of the job itself: `tts compare` with the same keys goes on from there.
    """
    if problems < LEAST:
        raise UsageError(f"A pilot takes at least {LEAST} problems, not {problems}.")
    for chosen in parts.values():
        _refuse_whole(problems, chosen)
    found = {}
    for name, chosen in parts.items():
        asked = submission(chosen, job=f"{job}-{name}" if job and name else job)
        work = run_comparison(
            chosen.spec(), ledger=ledger, job=asked.job, submitted=asked, pilot=problems
        )
        report, code = run_noting(work)
        if code or report.fault:
            complain(report.fault or "The pilot was interrupted; the same command goes on.")
            sys.exit(code or FAILED)
        found[asked.job] = _foretold(ledger, asked.job)
    if as_json:
        write_out(json_text(found))
        return
    for name, pilot in found.items():
        _show_pilot(Screen(), name, pilot)


def _refuse_whole(problems: int, chosen: Recipe) -> None:
    """A pilot of everything would spend what it is to foretell."""
    whole = len(problems_of(chosen.spec()).problems)
    if problems >= whole:
        raise UsageError(
            f"A pilot of {problems} problems is all of the {whole} that there are: give fewer, or "
            "run the whole with tts compare. Nothing was sent."
        )


def _foretold(ledger: str, job: str) -> Pilot:
    controls = Controls.of(ledger)
    try:
        return msgspec.json.decode(controls.named(job).estimate, type=Pilot)
    finally:
        controls.close()


def _show_pilot(console: Screen, job: str, pilot: Pilot) -> None:
    lines = [
        (
            "billed in all" if row is pilot.bill else row.row,
            *("unknown" if one is None else spelled(one) for one in (row.calls, row.tokens)),
            "unknown" if row.nanodollars is None else in_dollars(row.nanodollars),
        )
        for row in (*pilot.rows, pilot.bill)
    ]
    title = f"{job}: {pilot.problems} of {pilot.whole} problems foretell, nine times in ten"
    view = Fitted(("calls", "tokens", "dollars"), lines, title, labels=("row",))
    console.print(view)
    if any(_alike(row) for row in (*pilot.rows, pilot.bill)):
        console.print(Text("Without bounds: every problem of the pilot took the same."))
    low, high = (duration(seconds) for seconds in pilot.seconds)
    console.print(Text(f"In {low} to {high}. The pilot is part of the job: tts compare goes on."))


def _alike(row: RowForecast) -> bool:
    told = (row.calls, row.tokens, row.nanodollars)
    return any(one is not None and one.low == one.high for one in told)


def show_wording(console: Screen, rows: Sequence[Row], *, graph: bool) -> None:
    """What each strategy's figures mean, what is known against it, and its graph if asked for."""
    for row in rows:
        console.print(Text(f"{row.strategy}: {row.estimates[0].wording()}."))
        for caution in row.estimates[0].cautions:
            console.print(Text(f"  caution: {caution}"))
        if graph:
            console.print(Text(mermaid(row.estimates[0])))
    if any(size > 1 for row in rows for size in row.sizes):
        console.print(Text("Problems of like length are reckoned together, at their longest."))


async def _rows(spec: ComparisonSpec) -> list[Row]:
    problems = problems_of(spec).problems
    session = await open_session(spec.options, sends=False)
    try:
        groups = by_length(problems, session.generator)
        sizes, rows = tuple(map(len, groups)), list[Row]()
        for strategy in spec.strategies:
            dry = [await estimate(group[-1], strategy, session) for group in groups]
            for budget in spec.budgets:
                under = tuple(replace(one, budget=budget) for one in dry)
                rows.append(Row(spell_strategy(strategy), spell_budget(budget), under, sizes))
        return rows
    finally:
        await session.close()


def by_length(
    problems: Sequence[Problem], generator: Generator, most: int = GROUPS
) -> list[list[Problem]]:
    """The problems by the length of their prompts, shortest first, in at most `most` groups."""

    def length(problem: Problem) -> int:
        task = task_for(problem.task, generator.model.name)
        return generator.count_prompt(task.render(problem), "")

    ordered = sorted(problems, key=length)
    groups = min(most, len(ordered))
    edges = [len(ordered) * turn // groups for turn in range(groups + 1)] if groups else []
    return [ordered[start:end] for start, end in pairwise(edges)]


def table(rows: Sequence[Row], *, repeats: int, title: str = "") -> Fitted:
    """One line per strategy and budget: calls, depth, tokens and dollars at worst."""
    told = "attributed cost at worst"
    lines = []
    for row in rows:
        dollars = row.total(lambda one: one.ceiling.nanodollars)
        figures = (
            str(sum(row.sizes) * repeats),
            f"{repeats * (row.total(lambda one: len(one.calls)) or 0):,}",
            str(max((one.depth for one in row.estimates), default=0)),
            f"{repeats * (row.total(at_most) or 0):,}",
            known_dollars(Usage(nanodollars=dollars and dollars * repeats)),
        )
        lines.append((visible(row.strategy, 80), row.budget, *figures))
    return Fitted(FIGURES, lines, f"{title}: {told}" if title else told)


def at_most(one: Estimate) -> int:
    """Tokens of a run, none above its token ceiling."""
    ceiling, worst = one.budget.tokens, one.worst.tokens
    return worst if ceiling is None else min(worst, ceiling)


def mermaid(one: Estimate) -> str:
    """The graph of one problem's calls as Mermaid text."""
    lines = ["graph TD"]
    for call in one.calls:
        lines.append(f'  n{mark(call.id)}["{call.name} {call.worst.tokens} tokens"]')
        lines += [f"  n{mark(parent)} --> n{mark(call.id)}" for parent in call.inputs]
    return "\n".join(lines)


def mark(node: str) -> str:
    return node.replace("/", "_")
