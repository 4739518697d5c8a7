"""The shapes of the LLMCompiler paper's tasks (Kim et al. 2024, tables 1, 2 and C.1)."""

from __future__ import annotations

from msgspec import Struct

from tts.planner import Call, Plan, write_plan


class Times(Struct, frozen=True, kw_only=True):
    """Mean seconds of one model and its tools."""

    line: float
    """Of the planner, per call that it writes."""
    turn: float
    """Of one thought of ReAct."""
    joiner: float
    tool: float


MOVIE = Times(line=1.88 / 8, turn=1.62, joiner=1.62, tool=0.61)
"""As published (appendix E.1): planner 1.88 s for eight calls, answer 1.62 s, search 0.61 s."""
PARALLELQA = Times(line=5.28 / 7, turn=1.29, joiner=2.2, tool=3.65)
"""Solved from published totals, since no parts are published: ReAct 35.90 s with 470 tokens in 8
turns, plan without streaming 21.72 s with 340 tokens, 100 of them taken to be the joiner's; hence
22 ms per token and 3.65 s per tool. What is left to check is the streamed plan, 16.69 s."""


class TaskShape(Struct, frozen=True):
    """A plan and what the paper measured end to end for tasks of its kind."""

    name: str
    plan: Plan
    times: Times
    published: float
    """Its speedup over ReAct; other tools and models: a consistency check, no target."""

    @property
    def text(self) -> str:
        return write_plan(self.plan)

    @property
    def planner_seconds(self) -> float:
        return self.times.line * len(self.plan.calls)


def shapes() -> list[TaskShape]:
    """HotpotQA comparison, movie recommendation, and ParallelQA with three branches."""
    return [
        TaskShape("HotpotQA shape, 2 searches", _wide(2), MOVIE, 1.80),
        TaskShape("movie shape, 8 searches", _wide(8), MOVIE, 3.74),
        TaskShape("ParallelQA shape, 3 branches", _branches(3), PARALLELQA, 2.15),
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
