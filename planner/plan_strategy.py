"""A plan as a strategy, and finished plans kept by the shape of their task."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tts.planner.checks import check_plan
from tts.planner.execution.call_builder import solve_tool
from tts.planner.execution.plan_run import PlanRun, answer_text
from tts.planner.execution.settings import PlanSettings
from tts.planner.language import Call, Plan, Reference, Text, replaced, write_plan
from tts.planner.language.plan import Value
from tts.run import Run
from tts.tools import ToolSet
from tts.values import Candidate, Problem

_SLOT = re.compile(r"\"[^\"]+\"|'[^']+'|\d+(?:\.\d+)?|(?:[A-Z][\w-]*)(?: [A-Z][\w-]*)*")
"""Quoted text, numbers, and names: runs of capitalised words."""
_MARK = "\x00{}\x00"


class Shape(Struct, frozen=True):
    """A task without its particulars."""

    text: str
    slots: tuple[str, ...]

    @classmethod
    def of(cls, task: str) -> Shape:
        """Names at the start of a sentence count as words: they are capitalised anyway."""
        slots: list[str] = []

        def cut(match: re.Match[str]) -> str:
            found = match[0].strip("\"'")
            if match.start() == 0 and " " not in found and match[0][0].isupper():
                return match[0]
            if found not in slots:
                slots.append(found)
            return _MARK.format(slots.index(found))

        return cls(_SLOT.sub(cut, task), tuple(slots))


class PlanCache:
    """Finished plans by task shape and tool set, kept in memory.

    A plan is kept only where each slot of its task is used, and given only where the filled plan
    passes the checks: what cannot be told apart from a coincidence is planned anew.
    """

    def __init__(self, *, size: int = 1024) -> None:
        self.size = size
        self.hits = self.misses = 0
        self._plans: dict[tuple[str, str], Plan] = {}

    def keep(self, task: str, tools: ToolSet, plan: Plan) -> bool:
        """Remember a plan that answered its task; False where its slots are not all used."""
        shape = Shape.of(task)
        marked = _with(plan, {slot: _MARK.format(i) for i, slot in enumerate(shape.slots)})
        used = "".join(_strings([call.arguments for call in marked.calls] + [marked.answer]))
        if any(_MARK.format(i) not in used for i in range(len(shape.slots))):
            return False
        if len(self._plans) >= self.size:
            del self._plans[next(iter(self._plans))]
        self._plans[shape.text, tools.digest] = marked
        return True

    def find(self, task: str, tools: ToolSet) -> Plan | None:
        """The plan of a task of the same shape, filled with this one's particulars."""
        shape = Shape.of(task)
        marked = self._plans.get((shape.text, tools.digest))
        if marked is not None:
            plan = _with(marked, {_MARK.format(i): slot for i, slot in enumerate(shape.slots)})
            if not check_plan(plan, tools):
                self.hits += 1
                return plan
        self.misses += 1
        return None


def _with(plan: Plan, names: Mapping[str, str]) -> Plan:
    """The plan with strings put in the place of others, wherever they stand whole in a constant."""
    calls = tuple(_call(call, names) for call in plan.calls)
    return Plan(calls=calls, answer=_filled(plan.answer, names), joined=plan.joined)


def _call(call: Call, names: Mapping[str, str]) -> Call:
    arguments = {name: _filled(value, names) for name, value in call.arguments.items()}
    return replace(call, arguments=arguments, substitute=_filled(call.substitute, names))


def _filled(value: Value, names: Mapping[str, str]) -> Value:
    if isinstance(value, str):
        return _swapped(value, names)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float) and str(value) in names:
        return names[str(value)]
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, names) for name, item in value.items()}
    return replaced(value, lambda found: _text(found, names))


def _text(found: Reference | Text, names: Mapping[str, str]) -> Reference | Text:
    if isinstance(found, Reference):
        return found
    parts = (_swapped(part, names) if isinstance(part, str) else part for part in found.parts)
    return Text(tuple(parts))


def _swapped(text: str, names: Mapping[str, str]) -> Any:
    whole = names.get(text)
    if whole is not None:
        return whole
    known = sorted(names, key=len, reverse=True)
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in known)
    return re.sub(pattern, lambda match: names[match[0]], text) if known else text


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Text):
        return [part for part in value.parts if isinstance(part, str)]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []


class PlanStrategy:
    """Compile the task into calls of tools, run them as parallel as they are, join the results
    (LLMCompiler, Kim et al. 2024, section 3)."""

    name = "plan"

    def __init__(
        self,
        tools: ToolSet,
        *,
        settings: PlanSettings | None = None,
        plan: Plan | None = None,
        strategies: tuple[str, ...] = (),
        keep: Callable[[PlanRun], None] | None = None,
        compile_only: bool = False,
        cache: PlanCache | None = None,
    ) -> None:
        """
        Args:
            tools: what the plan may call.
            settings: how it is written, checked and run.
            plan: run this plan; the planner is asked only if it has to be patched.
            strategies: what the tool `solve` may use, `best_of_n(n=4)` for example; none: there
                is no such tool.
            keep: handed the run of the plan once it begins, for its plan and its times.
            compile_only: have the plan written and checked, and make no call of it.
            cache: plans of earlier tasks of the same shape.
        """
        self.settings = settings or PlanSettings()
        self.tools = ToolSet([*tools.values(), solve_tool(strategies)]) if strategies else tools
        self.plan, self.keep, self.compile_only = plan, keep, compile_only
        self.cache = cache

    @property
    def parameters(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "tools": self.tools.digest,
            "plan": write_plan(self.plan) if self.plan else None,
            "form": settings.form,
            "guide": settings.guide,
            "on_failure": settings.on_failure,
            "replans": settings.replans,
            "repairs": settings.repairs,
            **({"race": settings.race} if settings.race > 1 else {}),
            "compile_only": self.compile_only,
        }

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        run.release_finish_reserve()  # a plan that is cut short asks for no last answer
        plan_run = PlanRun(run, self.tools, self.settings, task=problem.prompt)
        if self.keep is not None:
            self.keep(plan_run)
        plan = self.plan or (self.cache.find(problem.prompt, self.tools) if self.cache else None)
        if plan is None:
            await plan_run.write(run=not self.compile_only)
        else:
            plan_run.take(plan)
        if self.compile_only:
            return None
        text = answer_text(await plan_run.answer())
        if self.cache is not None and plan is None:
            self.cache.keep(problem.prompt, self.tools, plan_run.plan)
        return Candidate(problem=problem, text=text, key="plan", final=True, answer=text)

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        """Nothing: a plan that was cut short has no answer."""
        return None
