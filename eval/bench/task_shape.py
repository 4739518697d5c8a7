"""The shapes of the LLMCompiler paper's tasks (Kim et al. 2024, tables 1 and C.1)."""

from __future__ import annotations

from msgspec import Struct

from tts.planner import Call, Plan, write_plan

PLANNER = 1.88
"""Seconds of its planner on the movie task, eight calls."""


class TaskShape(Struct, frozen=True):
    """A plan and what the paper measured end to end for tasks of its kind."""

    name: str
    plan: Plan
    published: float
    """Its speedup over ReAct; other tools and models: a consistency check, no target."""

    @property
    def text(self) -> str:
        return write_plan(self.plan)

    @property
    def planner_seconds(self) -> float:
        """As the movie plan, by the number of calls."""
        return PLANNER * len(self.plan.calls) / 8


def shapes() -> list[TaskShape]:
    """HotpotQA comparison, movie recommendation, and ParallelQA with three branches."""
    return [
        TaskShape("HotpotQA shape, 2 searches", _wide(2), 1.80),
        TaskShape("movie shape, 8 searches", _wide(8), 3.74),
        TaskShape("ParallelQA shape, 3 branches", _branches(3), 2.15),
    ]


def _wide(width: int) -> Plan:
    return Plan(calls=tuple(_call(number) for number in range(1, width + 1)))


def _branches(width: int) -> Plan:
    """A search and a calculation per branch, and one calculation over them."""
    searches = [_call(number) for number in range(1, width + 1)]
    sums = [_call(width + number, number) for number in range(1, width + 1)]
    last = _call(2 * width + 1, *range(width + 1, 2 * width + 1))
    return Plan(calls=(*searches, *sums, last))


def _call(number: int, *after: int) -> Call:
    return Call(
        id=number,
        tool=f"search{number}",
        arguments={"query": "the subject of a question"},
        after=after,
    )
