"""Plans behind the SDK: solving a task with tools, and plans to look at before they run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from tts.engine.session import Session
from tts.engine.spelling import parse_strategy
from tts.errors import CallFailed, UsageError
from tts.executor import Limits
from tts.planner import (
    TASK_ONLY_PROMPTS,
    Fault,
    Plan,
    PlanCache,
    PlanReport,
    PlanSettings,
    PlanStrategy,
    check_plan,
    plan_report,
    write_plan,
)
from tts.planner.checks import Doubt, doubts, renderings
from tts.planner.execution import Approve, PlanRun, Priorities
from tts.planner.language import Form, write_call
from tts.planner.page import Ended, page, planned_page
from tts.planner.passes import PASSES, PassNote, optimise
from tts.planner.report import mermaid
from tts.protocols import defaults_of
from tts.tools import Tool, ToolSet
from tts.values import Problem, Result
from tts.values.notebook import html_table, shown

Tools = ToolSet | Iterable[Tool | Callable[..., Any]]


@dataclass(frozen=True, kw_only=True)
class PlanResult:
    """What became of a task."""

    task: str
    answer: str | None
    """None: there is no answer; `result.error` says why."""
    plan: Plan
    """As it was in the end, patches included."""
    faults: tuple[Fault, ...]
    """Of the plan as it was in the end; empty for one that ran."""
    report: PlanReport
    results: Mapping[int, str]
    """What calls gave, by call, as prompts show it: long ones are cut."""
    failures: Mapping[int, str]
    """Why calls failed, by call; those that a policy let pass are among them."""
    result: Result
    """Cost, and how the run stopped."""

    def mermaid(self) -> str:
        return mermaid(self.plan, self.report)

    def page(self) -> str:
        """The run as an HTML page that loads nothing."""
        ended = Ended(answer=self.answer, results=self.results, failures=self.failures)
        return page(self.plan, self.report, ended, task=self.task)

    def _repr_html_(self) -> str:
        """For notebooks."""
        lines = [
            {
                "call": write_call(call),
                "result": self.failures.get(call.id, self.results.get(call.id)),
            }
            for call in self.plan.calls
        ]
        return f"<p>{shown(self.task)}</p><p><b>{shown(self.answer)}</b></p>{html_table(lines)}"


class CompiledPlan:
    """A plan of a task, to be looked at, changed, saved and run."""

    def __init__(
        self,
        planner: TaskPlanner,
        task: Problem,
        *,
        tools: ToolSet,
        settings: PlanSettings,
        plan: Plan,
        faults: Sequence[Fault] = (),
        notes: Sequence[PassNote] = (),
        written: Result | None = None,
    ) -> None:
        """`written`: the run in which a model wrote it; None: none did."""
        self.planner, self.task, self.tools, self.settings = planner, task, tools, settings
        self.plan, self.notes, self.written = plan, tuple(notes), written
        self._faults = tuple(faults)

    def check(self) -> tuple[Fault, ...]:
        """Everything that keeps the plan from running, each fault once; empty: nothing does."""
        found = check_plan(self.plan, self.tools, limits=self.settings.limits)
        known = {structs.replace(fault, line=0) for fault in self._faults}
        return (*self._faults, *(fault for fault in found if fault not in known))

    def doubts(self) -> tuple[Doubt, ...]:
        """What is well-typed and still looks wrong; guesses, which keep nothing from running."""
        return doubts(self.plan, self.tools)

    async def optimised(self, passes: Sequence[str] = tuple(PASSES)) -> CompiledPlan:
        """The plan after the passes; its `explain` shows what each of them did. What could not be
        read of its text keeps it from running as before.

        `constant folding` calls pure tools whose arguments are known; no other pass calls anything.
        """
        plan, notes = await optimise(self.plan, self.tools, passes)
        return CompiledPlan(
            self.planner,
            self.task,
            tools=self.tools,
            settings=self.settings,
            plan=plan,
            faults=self._faults,
            notes=notes,
            written=self.written,
        )

    def explain(self) -> str:
        """The plan, its faults and doubts, what is handed over as text, and what passes changed."""
        faults = "".join(f"fault: {fault}\n" for fault in self.check())
        rendered = "".join(f"note: {note}\n" for note in renderings(self.plan, self.tools))
        guesses = "".join(f"doubt: {doubt}\n" for doubt in self.doubts())
        notes = "".join(note.explain() for note in self.notes)
        return write_plan(self.plan) + faults + rendered + guesses + notes

    def write(self, form: Form = "text") -> str:
        return write_plan(self.plan, form)

    def mermaid(self) -> str:
        return mermaid(self.plan)

    def page(self) -> str:
        """The plan as an HTML page, drawn from what its calls are expected to take."""
        expected = Priorities(self.tools, self.settings.seconds).expected
        seconds = {call.id: expected(call) for call in self.plan.calls}
        notes = [f"fault: {fault}" for fault in self.check()]
        notes += [f"doubt: {doubt}" for doubt in self.doubts()]
        return planned_page(self.plan, seconds, notes, task=self.task.prompt)

    async def run(self, *, approve: Approve | None = None, **how: Any) -> PlanResult:
        """Run it without asking the planner; `how` as for `Engine.apply`.

        `approve` is asked before every call with an effect, those of later patches included.
        """
        if faults := self.check():
            raise UsageError("The plan cannot run: " + "; ".join(str(fault) for fault in faults))
        settings = replace(self.settings, approve=approve) if approve else self.settings
        return await self.planner.solve(
            self.task, self.tools, settings=settings, plan=self.plan, **how
        )


class TaskPlanner:
    """Solves tasks by plans: what an engine opens, and how it runs a strategy, are handed in."""

    def __init__(
        self,
        session: Callable[[], Awaitable[Session]],
        apply: Callable[..., Awaitable[Result]],
    ) -> None:
        """`apply(strategy, task, **how)`: as `Engine.apply`."""
        self.session, self.apply = session, apply

    async def solve(
        self,
        task: Problem,
        tools: Tools,
        *,
        settings: PlanSettings | None = None,
        plan: Plan | None = None,
        strategies: tuple[str, ...] = (),
        cache: PlanCache | None = None,
        **how: Any,
    ) -> PlanResult:
        """Plan and run; `how` is what `Engine.apply` takes."""
        kept: list[PlanRun] = []
        toolset = tools if isinstance(tools, ToolSet) else ToolSet(tools)
        session = await self.session()
        chosen = settings_for(session, settings)
        set_caps(toolset, session.limits)
        strategy = PlanStrategy(
            toolset,
            settings=chosen,
            plan=plan,
            strategies=strategies,
            keep=kept.append,
            cache=cache,
        )
        result = await self.apply(strategy, task, **how)
        plan_run = kept[0]
        if not plan_run.timeline.ended:
            plan_run.timeline.ended = plan_run.timeline.started + result.seconds
        return PlanResult(
            task=task.prompt,
            answer=result.answer,
            plan=plan_run.plan,
            faults=plan_run.faults,
            report=plan_report(plan_run.plan, plan_run.timeline),
            results=plan_run.results([call.id for call in plan_run.plan.calls]),
            failures=plan_run.graph.failures(),
            result=result,
        )

    async def compile(
        self,
        task: Problem,
        tools: Tools,
        *,
        settings: PlanSettings | None = None,
        **how: Any,
    ) -> CompiledPlan:
        """Have a plan written and checked, and make no call of it."""
        kept: list[PlanRun] = []
        toolset = tools if isinstance(tools, ToolSet) else ToolSet(tools)
        chosen = settings_for(await self.session(), settings)
        strategy = PlanStrategy(toolset, settings=chosen, keep=kept.append, compile_only=True)
        result = await self.apply(strategy, task, **how)
        plan_run = kept[0]
        if result.error:
            raise CallFailed(result.error)
        return CompiledPlan(
            self,
            task,
            tools=toolset,
            settings=chosen,
            plan=plan_run.plan,
            faults=plan_run.faults,
            written=result,
        )


def settings_for(session: Session, settings: PlanSettings | None) -> PlanSettings:
    """The given settings with `build`, or the defaults of the engine's model."""
    generator = session.generator
    task_only = PlanSettings(prompts=TASK_ONLY_PROMPTS, max_tokens=320, repairs=0, replans=0)
    chosen = settings or (task_only if defaults_of(generator).task_only else PlanSettings())
    return chosen if chosen.build else replace(chosen, build=parse_strategy)


def set_caps(tools: ToolSet, limits: Limits) -> None:
    """Hold the calls of each tool, or of tools that share a pool, to their cap."""
    for tool in tools.values():
        if tool.cap is not None:
            limits.gate.concurrency(tool.lane).resize(tool.cap)
