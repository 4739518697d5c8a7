"""`tts estimate`: graph and cost before anything is spent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tts.cli.wording import known_dollars
from tts.engine import open_session, spell_budget, spell_strategy
from tts.engine.estimate import Estimate, estimate
from tts.eval.problems import load_problem_set
from tts.eval.recipe import read_recipe, recipe_of
from tts.eval.spec import ComparisonSpec
from tts.values import NOTHING, Usage

Row = tuple[str, str, list[Estimate]]


def show_estimate(
    recipe: Path | None, options: dict[str, Any], *, graph: bool, part: str = ""
) -> None:
    """The worst case of every strategy under every budget, for the whole set."""
    chosen = read_recipe(recipe, part, **options) if recipe else recipe_of(options, where="Options")
    spec = chosen.spec()
    rows = asyncio.run(_rows(spec))
    console = Console()
    console.print(table(rows, repeats=spec.repeats))
    for strategy, _, estimates in rows[:: max(1, len(spec.budgets))]:
        console.print(Text(f"{strategy}: {estimates[0].wording()}."))
        for caution in estimates[0].cautions:
            console.print(Text(f"  caution: {caution}"))
        if graph:
            console.print(Text(mermaid(estimates[0])))
    console.print(Text("Nothing was sent. Shared draws make the bill smaller than the sum."))


async def _rows(spec: ComparisonSpec) -> list[Row]:
    problems = load_problem_set(
        spec.problems, limit=spec.limit, seed=spec.seed, bins=spec.bins or None, task=spec.task
    ).problems
    session = await open_session(spec.options)
    try:
        return [
            (
                spell_strategy(strategy),
                spell_budget(budget),
                [await estimate(problem, strategy, session, budget) for problem in problems],
            )
            for strategy in spec.strategies
            for budget in spec.budgets
        ]
    finally:
        await session.close()


def table(rows: list[Row], *, repeats: int) -> Table:
    """One line per strategy and budget: calls, depth, tokens and dollars at worst."""
    view = Table("strategy", "budget", "runs", "calls", "in a row", "tokens at most", "dollars")
    view.title, view.title_justify = "attributed cost at worst", "left"
    for strategy, budget, estimates in rows:
        total: Usage = sum((one.ceiling for one in estimates), NOTHING)
        view.add_row(
            Text(strategy),
            budget,
            str(len(estimates) * repeats),
            f"{repeats * sum(len(one.calls) for one in estimates):,}",
            str(max(one.depth for one in estimates)),
            f"{repeats * at_most(estimates):,}",
            known_dollars(Usage(nanodollars=total.nanodollars and total.nanodollars * repeats)),
        )
    return view


def at_most(estimates: list[Estimate]) -> int:
    """Tokens of all runs, none above its token ceiling."""
    ceilings = [one.budget.tokens for one in estimates]
    worst = [one.worst.tokens for one in estimates]
    return sum(min(w, w if c is None else c) for w, c in zip(worst, ceilings, strict=True))


def mermaid(one: Estimate) -> str:
    """The graph of one problem's calls as Mermaid text."""
    lines = ["graph TD"]
    for call in one.calls:
        lines.append(f'  n{mark(call.id)}["{call.name} {call.worst.tokens} tokens"]')
        lines += [f"  n{mark(parent)} --> n{mark(call.id)}" for parent in call.inputs]
    return "\n".join(lines)


def mark(node: str) -> str:
    return node.replace("/", "_")
