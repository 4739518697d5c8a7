"""All passes in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from tts.planner.language import Plan, write_plan
from tts.planner.passes.elimination import drop_dead_calls, fold_constants, merge_equal_calls
from tts.planner.passes.fusion import batch_calls, map_over_lists
from tts.planner.passes.pass_result import PassResult
from tts.tools import Tool

Pass = Callable[[Plan, Mapping[str, Tool]], PassResult | Awaitable[PassResult]]
PASSES: Mapping[str, Pass] = {
    "constant folding": fold_constants,
    "common subexpressions": merge_equal_calls,
    "dead calls": drop_dead_calls,
    "map": map_over_lists,
    "batching": batch_calls,
}


class PassNote(Struct, frozen=True):
    """What one pass did."""

    name: str
    changes: tuple[str, ...]
    before: Plan
    after: Plan

    def explain(self) -> str:
        """The changes, with the calls before and after; one line where there are none."""
        if not self.changes:
            return f"{self.name}: nothing to do\n"
        listed = "".join(f"  {line}\n" for line in self.changes)
        count = f"{len(self.before.calls)} calls became {len(self.after.calls)}"
        return (
            f"{self.name}: {count}\n{listed}  before:\n{_indented(self.before)}"
            f"  after:\n{_indented(self.after)}"
        )


async def optimise(
    plan: Plan, tools: Mapping[str, Tool], passes: Sequence[str] = tuple(PASSES)
) -> tuple[Plan, tuple[PassNote, ...]]:
    """Run the named passes over a checked plan; its answer stays the same."""
    notes: list[PassNote] = []
    for name in passes:
        made = PASSES[name](plan, tools)
        result = made if isinstance(made, PassResult) else await made
        notes.append(PassNote(name, result.changes, plan, result.plan))
        plan = result.plan
    return plan, tuple(notes)


def _indented(plan: Plan) -> str:
    return "".join(f"    {line}\n" for line in write_plan(plan).splitlines())
