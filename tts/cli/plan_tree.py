"""A plan as a tree: the answer, below it what it is made of, below each call what that one waits for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from rich.text import Text
from rich.tree import Tree

from tts.planner import Plan
from tts.planner.language import write_call
from tts.planner.language.forms import write_value
from tts.planner.language.plan import references

Mark = Literal["", " (see above)", " (a circle)", " (missing)"]


def plan_tree(plan: Plan) -> Tree:
    """A call that several use stands under the first of them, and is named under the others."""
    root = Tree(
        Text("the results, joined" if plan.joined else f"answer = {write_value(plan.answer)}")
    )
    asked = plan.sinks if plan.joined else [found.call for found in references(plan.answer)]
    shown: set[int] = set()
    _grow(root, dict.fromkeys(asked), plan, shown, ())
    rest = [call.id for call in plan.calls if call.id not in shown]
    if rest:
        _grow(root.add(Text("used by nothing above")), rest, plan, shown, ())
    return root


def _grow(
    tree: Tree, wanted: Iterable[int], plan: Plan, shown: set[int], path: tuple[int, ...]
) -> None:
    calls = plan.by_id()
    for number in wanted:
        call = calls.get(number)
        mark: Mark = " (missing)" if call is None else ""
        if number in path:
            mark = " (a circle)"
        elif number in shown:
            mark = " (see above)"
        if call is None or mark:
            tree.add(Text(f"${number}{mark}"))
            continue
        shown.add(number)
        _grow(tree.add(Text(write_call(call))), call.inputs, plan, shown, (*path, number))
