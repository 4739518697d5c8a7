"""`tts allocate`: one budget for all problems of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from msgspec import Struct
from rich.text import Text

from tts.backends.replay import split_source
from tts.cli.exits import run
from tts.cli.figures import amount, gap, percent_of, plain_table, sure
from tts.cli.screen import Screen, json_text, warn, write_out
from tts.engine import parse_budget
from tts.errors import UnknownName, UsageError
from tts.eval.allocate import Allocation, by_gain, by_price, evenly
from tts.eval.allocate.counts import Solved, solved_at
from tts.eval.allocate.curve_file import (
    CurveFile,
    Planned,
    holds_curves,
    plan_of,
    read_curves,
    write_plan,
)
from tts.eval.allocate.predicted import SetAllocation, allocate_pool
from tts.eval.replay import Asked, Pool
from tts.eval.replay.costs import Unit, known
from tts.eval.replay.lab import pools_asked
from tts.eval.replay.step_files import first_row
from tts.strategies.parts.select import Choice
from tts.values import NANO
from tts.values.visible import visible


class Wish(NamedTuple):
    """The flags of the command."""

    budget: str
    select: str
    probe: int
    parameters: float | None
    write: Path | None
    as_json: bool


def show_allocation(asked: Asked, wish: Wish) -> None:
    """Give out the budget over curves or over recorded draws, and show what it is worth."""
    total, unit = amount_of(wish.budget)
    path, _ = split_source(asked.sources[0])
    plan = (
        _of_curves(path, total, wish)
        if path.is_file() and holds_curves(first_row(path))
        else _of_pool(asked, total, unit, wish)
    )
    if wish.write is not None:
        write_plan(wish.write, plan)
        warn(f"wrote {wish.write}", "dim")


def amount_of(text: str) -> tuple[float, Unit]:
    """A budget of one ceiling, and its unit."""
    budget = parse_budget(text)
    ceilings: dict[str, float] = {str(name): one for name, one in budget.ceilings.items()}
    if budget.seconds is not None:
        ceilings["seconds"] = budget.seconds
    names: dict[str, Unit] = {"nanodollars": "dollars"}
    units: tuple[Unit, ...] = get_args(Unit)
    names |= {unit: unit for unit in units}
    [(name, value), *others] = ceilings.items()
    if others or name not in names:
        raise UsageError(f"--budget: one amount of {', '.join(units)}, not {text!r}.")
    return (value / NANO if name == "nanodollars" else value), names[name]


class CurveReport(Struct, frozen=True, kw_only=True):
    """What a budget over curves buys, by rule."""

    problems: int
    budget: float
    price: Allocated
    gain: Allocated
    even: Allocated
    bound: float
    """No allocation of this budget is expected to gain more."""
    given_up: int
    """Problems that the shadow price spends nothing on."""
    counts: Solved | None
    """Where successes were counted: what seeing them is worth."""


class Allocated(Struct, frozen=True, kw_only=True):
    """A rule's sum of expected gains, and what it spends."""

    expected: float
    spent: float
    last: float
    """What its last unit gained: the price."""


def _of_curves(path: Path, total: float, wish: Wish) -> Iterator[Planned]:
    file = read_curves(path)
    found = by_price(file.curves, total)
    report = CurveReport(
        problems=len(file.problems),
        budget=total,
        price=_allocated(found),
        gain=_allocated(by_gain(file.curves, total)),
        even=_allocated(evenly(file.curves, total)),
        bound=found.value if found.bound is None else found.bound,
        given_up=int(np.count_nonzero(found.costs == 0)),
        counts=_counted(file, total),
    )
    if wish.as_json:
        write_out(json_text(report))
    else:
        _show_curves(report)
    return plan_of(file.problems, file.curves, found)


def _allocated(found: Allocation) -> Allocated:
    return Allocated(expected=found.value, spent=found.spent, last=found.price)


def _counted(file: CurveFile, total: float) -> Solved | None:
    if file.counts is None:
        return None
    average = total / file.counts.cost / len(file.problems)
    return solved_at(file.counts.successes, file.counts.draws, averages=(average,))[0]


def _show_curves(report: CurveReport) -> None:
    console = Screen()
    each = report.budget / report.problems
    console.print(
        Text(f"{report.problems:,} problems, {amount(report.budget, '')} for all: {each:.4g} each.")
    )
    rules = {
        "shadow price": report.price,
        "next unit's gain": report.gain,
        "the same for all": report.even,
    }
    rows = [
        (
            name,
            f"{one.expected:,.2f}",
            amount(one.spent, ""),
            f"{one.last:.3g}" if one.last else "–",
        )
        for name, one in rules.items()
    ]
    console.print(plain_table("", ("rule", "expected", "spent", "last unit"), rows, left=1))
    console.print(Text(f" no allocation gains more than {report.bound:,.2f}"))
    console.print(Text(f" problems given up: {report.given_up:,}"))
    if (seen := report.counts) is not None:
        value, low, high = (
            f"{one:,.1f}"
            for one in (seen.elimination.value, seen.elimination.low, seen.elimination.high)
        )
        console.print(Text(f" drawing on for whoever is not solved yet: {value} [{low}, {high}]"))
        more = seen.difference
        console.print(
            Text(
                f" which is {more.value:+.1f} [{more.low:+.1f}, {more.high:+.1f}] to the same for all"
            )
        )


def _of_pool(asked: Asked, total: float, unit: Unit, wish: Wish) -> Iterator[Planned]:
    pool = _one_pool(run(pools_asked(asked)), unit, wish)
    choices: tuple[Choice, ...] = get_args(Choice)
    if wish.select not in choices:
        raise UnknownName("selection", wish.select, choices, flag="--select")
    found = allocate_pool(
        pool,
        total,
        unit,
        choice=choices[choices.index(wish.select)],
        probe=wish.probe,
        parameters=wish.parameters,
        seed=asked.seed,
    )
    if wish.as_json:
        write_out(json_text(found))
    else:
        _show_pool(found)
    return iter(found.plan)


def _one_pool(pools: list[Pool], unit: Unit, wish: Wish) -> Pool:
    if len(pools) > 1:
        raise UsageError(
            f"{pools[0].source} holds {len(pools)} models, and a budget is given out over the draws"
            f" of one: name it as FILE#{pools[0].setting}."
        )
    [pool] = pools
    if not known(pool, unit, parameters=wish.parameters):
        how = {"dollars": "--prices FILE tells them", "flops": "--parameters tells its size"}
        told = how.get(unit, "it has none for every draw")
        raise UsageError(f"--budget: the {unit} of {pool.setting!r} are unknown; {told}.")
    return pool


def _show_pool(found: SetAllocation) -> None:
    console = Screen()
    console.print(Text(visible(found.setting, 90)))
    each, spent = amount(found.budget, found.unit), amount(found.spent, found.unit)
    unit = "" if found.unit == "dollars" else f" {found.unit}"
    console.print(
        Text(f"{found.problems} problems, {each}{unit} each on the average, {spent}{unit} spent.")
    )
    rows = [
        (
            "by what a probe shows",
            sure(found.accuracy),
            percent_of(found.predicted),
            gap(found.difference),
        ),
        ("the same for all", sure(found.uniform), "–", "–"),
        ("chances known", percent_of(found.known), "–", "–"),
    ]
    console.print(plain_table("", ("way", "accuracy", "foretold", "Δ, same cost"), rows, left=1))
    shares = [
        (str(one.draws), f"{one.share:.0%}", percent_of(one.accuracy)) for one in found.shares
    ]
    console.print(plain_table("", ("draws", "of problems", "accuracy"), shares))
