"""`tts plan`: a task as a graph of calls of the tools that `module:name` names."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.table import Table
from rich.text import Text

from tts.cli.exits import FAILED, run
from tts.cli.plan_tools import Offer, local_tools, opened
from tts.cli.plan_tree import plan_tree
from tts.cli.screen import Screen, json_text, write_out
from tts.engine import CompiledPlan, Engine, PlanResult, parse_ceilings
from tts.errors import BadInput, BudgetTooSmall
from tts.planner import Call, Plan
from tts.planner.language import write_call
from tts.planner.passes import PASSES
from tts.tools import ToolSet
from tts.tools.shielded import in_thread
from tts.values import Budget

FOLDING = "constant folding"
"""The one pass that calls tools."""


class Wish(Struct, frozen=True, kw_only=True):
    """What is to become of a plan. Nothing of it is called unless `execute`."""

    form: str = "text"
    """text or json."""
    execute: bool = False
    yes: bool = False
    """Make calls that cannot be undone without asking."""
    optimise: bool = False
    html: Path | None = None
    mermaid: bool = False
    """The graph as Mermaid text, in place of the tree."""
    as_json: bool = False
    """Everything as one document; nobody is asked."""
    budget: str = "none"
    """Of writing the plan and running it together."""


class Shown(Struct, frozen=True):
    """A plan, what became of it, and what went wrong, in a line; empty: nothing did."""

    plan: CompiledPlan
    done: PlanResult | None
    failure: str

    def plain(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "plan": json.loads(self.plan.write("json")),
            "faults": [str(fault) for fault in self.plan.check()],
            "doubts": [str(doubt) for doubt in self.plan.doubts()],
            "run": None if self.done is None else run_data(self.done),
            "failure": self.failure,
        }


def show_plan(task: str, offer: Offer, options: dict[str, Any], wish: Wish) -> None:
    """Compile, perhaps optimise and run, and show; exits with 1 where there is no sound plan or
    the run failed. Without `wish.execute` no tool is called, whatever else is asked for."""
    if wish.form not in ("text", "json"):
        raise BadInput(f"A plan is written as text or json, not {wish.form!r}.")
    html = wish.html
    if html is not None and not (html.parent.is_dir() and os.access(html.parent, os.W_OK)):
        raise BadInput(f"{html}: its folder is not there or cannot be written to.")
    shown = run(_shown(task, offer, local_tools(offer), options, wish))
    if wish.as_json:
        write_out(json_text(shown.plain()))
    if shown.failure:
        Screen(stderr=True, soft_wrap=True).print(Text(shown.failure))
        sys.exit(FAILED)


async def _shown(
    task: str, offer: Offer, local: list[ToolSet], options: dict[str, Any], wish: Wish
) -> Shown:
    """Show the plan, and the run where it is run."""
    console, done = Screen(soft_wrap=True), None
    ceiling = parse_ceilings(wish.budget)
    async with (
        opened(offer, local) as tools,
        Engine(options.pop("model", "embedded:planner"), **options) as engine,
    ):
        plan = await engine.compile(task, tools=tools, budget=ceiling)
        if wish.optimise and not plan.check():
            passes = [name for name in PASSES if wish.execute or name != FOLDING]
            plan = await plan.optimised(passes)
        if not wish.as_json:
            _print_plan(console, plan, wish)
        terminal = sys.stdin.isatty() and sys.stdout.isatty() and not wish.as_json
        asking = Asking(tools, yes=wish.yes, terminal=terminal)
        failure = "The plan has faults and cannot run." if plan.check() else ""
        failure = failure or (asking.refusal(plan.plan) if wish.execute else "")
        if wish.execute and not failure:
            try:
                done = await plan.run(approve=asking, budget=left(ceiling, plan))
            except BudgetTooSmall as error:
                failure = f"Not run: writing the plan left too little. {error}"
    if done is not None:
        failure = failed(done)
        if not wish.as_json:
            Screen().print(calls(done))
            console.print(verdict(done))
    _write_page(wish.html, plan, done)
    return Shown(plan, done, failure)


def left(ceiling: Budget, plan: CompiledPlan) -> Budget:
    """Of a budget, what writing the plan left."""
    written = plan.written
    return ceiling if written is None else ceiling.after(written.usage, written.seconds)


def _print_plan(console: Screen, plan: CompiledPlan, wish: Wish) -> None:
    console.print(Text(plan.explain() if wish.form == "text" else plan.write("json")))
    console.print(Text(plan.mermaid()) if wish.mermaid else plan_tree(plan.plan))


class Asking:
    """Whether a call that cannot be undone may be made: yes by option, else as a person says."""

    def __init__(self, tools: ToolSet, *, yes: bool, terminal: bool) -> None:
        self.tools, self.yes, self.terminal = tools, yes, terminal
        self._turn = asyncio.Lock()

    def refusal(self, plan: Plan) -> str:
        """Why a plan is not run at all; empty: it may be."""
        risky = dict.fromkeys(call.tool for call in plan.calls if self._cannot_be_undone(call))
        if self.yes or self.terminal or not risky:
            return ""
        named = ", ".join(risky)
        return (
            f"Not run: calls of {named} cannot be undone (effect irreversible or not declared) and "
            "nobody is here to ask. Give --yes, or declare the effect: @tts.tool(effect=…)."
        )

    async def __call__(self, call: Call, arguments: Mapping[str, Any]) -> bool:
        """The hook of a run: a call of a later patch is asked about as well."""
        if self.yes or not self._cannot_be_undone(call):
            return True
        if not self.terminal:
            return False
        async with self._turn:
            return self.yes or await self._asked(call, arguments)

    async def _asked(self, call: Call, arguments: Mapping[str, Any]) -> bool:
        shown = write_call(Call(id=call.id, tool=call.tool, arguments=dict(arguments)))
        question = f"{shown} cannot be undone. Make it? y(es), n(o), a(ll): "
        said = (await in_thread(lambda: _said(question))).strip().lower()
        self.yes = said in ("a", "all")
        return self.yes or said in ("y", "yes")

    def _cannot_be_undone(self, call: Call) -> bool:
        tool = self.tools.get(call.tool)
        return tool is None or tool.effect == "irreversible"


def _said(question: str) -> str:
    try:
        return Screen(soft_wrap=True).input(Text(question))
    except EOFError:
        return "no"


def _write_page(html: Path | None, plan: CompiledPlan, done: PlanResult | None) -> None:
    if html is not None:
        html.write_text(plan.page() if done is None else done.page(), encoding="utf-8")


def calls(done: PlanResult) -> Table:
    """What each call took, and how it failed where it did."""
    table = Table("call", "tool", "start s", "seconds", "waited s", "slack s", "failed", box=None)
    for one in done.report.calls:
        start = "-" if one.started is None else f"{one.started:.3f}"
        figures = (f"{value:.3f}" for value in (one.seconds, one.waited, one.slack))
        error = Text(done.failures.get(one.call, ""))
        table.add_row(str(one.call), Text(one.tool), start, *figures, error)
    return table


def run_data(done: PlanResult) -> dict[str, Any]:
    """A run as JSON-able data."""
    report, result = done.report, done.result
    return {
        "answer": done.answer,
        "stopped_by": result.stopped_by,
        "error": result.error,
        "calls": report.calls,
        "failures": {str(call): why for call, why in done.failures.items()},
        "makespan": report.makespan,
        "lower_bound": report.lower_bound,
        "bounded_by": report.bounded_by,
        "usage": result.usage,
        "billed": result.billed,
        "seconds": result.seconds,
    }


def verdict(done: PlanResult) -> Text:
    """Answer, times and why it ended."""
    report, result = done.report, done.result
    return Text(
        f"answer       {done.answer if done.answer is not None else 'none'}\n"
        f"stopped by   {result.stopped_by}{f': {result.error}' if result.error else ''}\n"
        f"makespan     {report.makespan:.3f} s, at least {report.lower_bound:.3f} s\n"
        f"bounded by   {report.bounded_by}: {report.detail}"
    )


def failed(done: PlanResult) -> str:
    """Why a run gave no answer, in a line; empty where it gave one."""
    if done.answer is not None and done.result.stopped_by == "done":
        return ""
    reason = " ".join((done.result.error or done.result.stopped_by).split())
    return f"The run failed: {reason}"
