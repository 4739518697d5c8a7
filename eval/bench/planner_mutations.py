"""Damaged plans: how many of them the checks and doubts find."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec

from tts.eval.bench.planner_damage import (
    Damage,
    cycle,
    dropped_line,
    joined_plans,
    misspelt_field,
    misspelt_tool,
    other_field,
    other_tool,
    swapped_id,
)
from tts.eval.bench.row import Row, at_least, exactly, figure
from tts.planner import Plan, check_plan
from tts.planner.checks import doubts
from tts.planner.language import Reference, Text, replaced
from tts.tools import ToolSet

DAMAGE: dict[str, Damage] = {
    "dropped line": dropped_line,
    "misspelt tool": misspelt_tool,
    "swapped id": swapped_id,
    "misspelt field": misspelt_field,
    "cycle": cycle,
}
MEANING: dict[str, Damage] = {"another tool": other_tool, "another field": other_field}
"""Names that are there and mean something else: types see it only where the types differ."""


def mutations(plans: list[Plan], tools: ToolSet) -> list[Row]:
    """The share of damaged plans that are found, by kind of damage; nothing is drawn at random.

    A damaged plan that computes what the gold plan computes is no fault and is not counted.
    """
    sound = [plan for plan in plans if not check_plan(plan, tools)]
    together = [joined_plans(first, second) for first, second in pairwise(sound)]
    alarms = sum(bool(doubts(plan, tools)) for plan in sound)
    rows = [exactly(f"of {len(sound)} sound NESTFUL plans, doubted", alarms, "", bar=0)]
    rows += _kinds("damaged NESTFUL plans", sound, tools, bar=0.99)
    return [*rows, *_kinds("of two NESTFUL plans as one, damaged", together, tools, bar=None)]


def _kinds(name: str, plans: list[Plan], tools: ToolSet, bar: float | None) -> Iterator[Row]:
    faulty = doubted = made = 0
    for kind, damage in DAMAGE.items():
        found, guessed, there = _found(plans, damage, tools)
        faulty, doubted, made = faulty + found, doubted + guessed, made + there
        yield figure(f"{name}: {kind}, {there}: found", (found + guessed) / there, "")
    yield figure(f"{name}: all {made}: found by faults alone", faulty / made, "")
    what, share = f"{name}: all {made}: found", (faulty + doubted) / made
    yield figure(what, share, "") if bar is None else at_least(what, share, "", bar=bar)
    for kind, damage in MEANING.items():
        found, guessed, there = _found(plans, damage, tools)
        yield figure(f"{name}: {kind} that exists, {there}: found", (found + guessed) / there, "")


def _found(plans: list[Plan], damage: Damage, tools: ToolSet) -> tuple[int, int, int]:
    """Damaged plans with a fault, those with only a doubt, and all that are really damaged."""
    faulty = doubted = made = 0
    for plan in plans:
        meant = meaning(plan)
        for damaged in damage(plan, tools):
            if meaning(damaged) == meant:
                continue
            made += 1
            if check_plan(damaged, tools):
                faulty += 1
            elif doubts(damaged, tools):
                doubted += 1
    return faulty, doubted, made


def meaning(plan: Plan) -> bytes:
    """What a plan of calls without effects computes, whatever its ids, order and unused calls."""
    calls = plan.by_id()

    def call_of(number: int, above: tuple[int, ...]) -> Any:
        call = calls.get(number)
        if call is None or number in above:
            return {"call": "missing" if call is None else "cycle"}
        arguments = value_of(call.arguments, (*above, number))
        after = [call_of(n, (*above, number)) for n in call.after]
        return {"call": call.tool, "with": arguments, "after": after}

    def value_of(value: Any, above: tuple[int, ...]) -> Any:
        def change(found: Reference | Text) -> Any:
            if isinstance(found, Text):
                return {"text": [p if isinstance(p, str) else change(p) for p in found.parts]}
            return {"of": call_of(found.call, above), "path": found.path}

        return replaced(value, change)

    return msgspec.json.encode(value_of(plan.answer, ()), order="deterministic")
