"""`tts demonstrations`: worked examples made of training questions, priced, and how many pay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from tts.cli.exits import run
from tts.cli.figures import gap, percent_of, plain_table
from tts.cli.screen import Screen
from tts.engine import Engine, parse_ceilings, parse_strategy
from tts.errors import UsageError
from tts.eval.demonstrations import (
    Foundry,
    Judged,
    best_m,
    judged,
    make_demonstrations,
)
from tts.eval.problems import load_problem_set
from tts.eval.recipe import ModelKeys, checked
from tts.strategies import IterDRAG
from tts.values import Budget, Problem

SIZES = (0, 1, 2, 4, 8)


def make(
    problems: str,
    options: dict[str, Any],
    *,
    strategy: str,
    budget: str,
    test: str,
    judge: str,
    worth: float,
    ledger: str | None,
    out: Path,
) -> None:
    """Make, write, and where there are questions to judge by say how many to show."""
    loop = parse_strategy(strategy)
    if not isinstance(loop, IterDRAG):
        raise UsageError(f"--strategy: an iterdrag(…), whose hops are shown, not {strategy!r}.")
    if loop.m:
        raise UsageError(
            f"--strategy: m={loop.m}, and there are no demonstrations yet: leave m out."
        )
    ceiling = parse_ceilings(budget)
    keys = checked(ModelKeys, options, where="Options", flags=options)
    given = {name: getattr(keys, name) for name in keys.model_fields_set}
    if "corpus" not in given:
        raise UsageError("Demonstrations are made from documents: give a corpus (--corpus FILE).")
    sets = [_questions(one) if one else [] for one in (problems, test, judge)]
    run(_make(given, sets, loop, ceiling, worth, ledger, out))


def _questions(source: str) -> list[Problem]:
    return list(load_problem_set(source, task="qa").problems)


async def _make(
    given: dict[str, Any],
    sets: list[list[Problem]],
    loop: IterDRAG,
    budget: Budget,
    worth: float,
    ledger: str | None,
    out: Path,
) -> None:
    console, (train, test, questions) = Screen(), sets
    async with Engine(**given, ledger=ledger, job="demonstrations") as engine:
        found = await make_demonstrations(
            engine, train, strategy=loop, test=[*test, *questions], budget=budget
        )
    _tell(console, found)
    if not found.made:
        raise UsageError("No training question gave a demonstration: nothing was written.")
    _write(found, out)
    console.print(Text(f"wrote {out}: --demonstrations {out}"))
    if not questions:
        return
    sizes = [m for m in SIZES if m <= len(found.made)]
    shown = {**given, "demonstrations": out}
    async with Engine(**shown, ledger=ledger, job="demonstrations judged") as engine:
        table = await judged(engine, questions, sizes, strategy=loop, budget=budget)
    console.print(_table(table, len(questions)))
    console.print(Text(f"m={best_m(table, worth=worth)} is worth its tokens"))


def _write(found: Foundry, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = [msgspec.json.encode(one.shown) + b"\n" for one in found.made]
    out.write_bytes(b"".join(lines))


def _tell(console: Screen, found: Foundry) -> None:
    left = ", ".join(f"{count} {reason}" for reason, count in found.left.items())
    console.print(Text(f"{len(found.made)} demonstrations; left out: {left or 'none'}"))
    if found.unchecked:
        told = f"{found.unchecked} of them come from rows that name no support: it was not checked"
        console.print(Text(told))
    for one in found.made[:5]:
        hops = len(one.shown.hops)
        console.print(Text(f" {one.tokens:,} tokens, {hops} hops: {one.shown.question[:80]}"))


def _table(rows: list[Judged], n: int) -> Table:
    names = ("m", "exact match %", "tokens/question", "gain, points")
    cells = [
        (str(one.m), percent_of(one.score), f"{one.tokens:,.0f}", gap(one.gain) or "-")
        for one in rows
    ]
    return plain_table(f"{n} questions", names, cells)
