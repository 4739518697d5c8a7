"""A plan as a strategy: the same journal, budget and resume as every other one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts.planner.execution.call_builder import solve_tool
from tts.planner.execution.plan_run import PlanRun, answer_text
from tts.planner.execution.settings import PlanSettings
from tts.planner.language import Plan, write_plan
from tts.planner.plan_cache import PlanCache
from tts.run import Run
from tts.tools import ToolSet
from tts.values import Candidate, Problem


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
