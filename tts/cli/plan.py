"""`tts plan`: a task as a graph of calls."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tts.engine import CompiledPlan, Engine, PlanResult
from tts.errors import BadInput
from tts.tools import Tool, ToolSet

NOT_RUN = 1


def show_plan(
    task: str,
    place: str,
    options: dict[str, Any],
    *,
    form: str,
    execute: bool,
    optimise: bool,
    html: Path | None,
) -> None:
    """Compile, perhaps optimise and run, and show; exits with 1 where the plan cannot run."""
    if form not in ("text", "json"):
        raise BadInput(f"A plan is written as text or json, not {form!r}.")
    if html is not None and not (html.parent.is_dir() and os.access(html.parent, os.W_OK)):
        raise BadInput(f"{html}: its folder is not there or cannot be written to.")
    console = Console(soft_wrap=True)
    tools = load_tools(place)
    plan, done = asyncio.run(_made(task, tools, options, execute or html is not None, optimise))
    console.print(Text(plan.explain() if form == "text" else plan.write("json")))
    console.print(Text(plan.mermaid() if done is None else done.mermaid()))
    if done is not None:
        console.print(calls(done))
        console.print(verdict(done), highlight=False)
    if html is not None and done is not None:
        html.write_text(done.page(), encoding="utf-8")
    if done is None and (execute or html is not None):
        Console(stderr=True).print("Not run: the plan has the faults above.", highlight=False)
        sys.exit(NOT_RUN)


async def _made(
    task: str, tools: ToolSet, options: dict[str, Any], execute: bool, optimise: bool
) -> tuple[CompiledPlan, PlanResult | None]:
    async with Engine(options.pop("model", "embedded:planner"), **options) as engine:
        plan = await engine.compile(task, tools=tools)
        if optimise and not plan.check():
            plan = await plan.optimised()
        return plan, await plan.run() if execute and not plan.check() else None


def load_tools(place: str) -> ToolSet:
    """`module:name`, in the working directory as well; `BadInput` says what was not found."""
    module, _, name = place.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(f"Tools {place!r}: {error}. Write module:name.") from error
    finally:
        sys.path.pop(0)
    given = [found] if isinstance(found, Tool) or callable(found) else found
    if not isinstance(given, Iterable) or not all(
        callable(one) or isinstance(one, Tool) for one in given
    ):
        raise BadInput(
            f"Tools {place!r} are a {type(found).__name__}, not a tool or a list of them."
        )
    return ToolSet(given)


def calls(done: PlanResult) -> Table:
    """What each call took."""
    table = Table("call", "tool", "start s", "seconds", "waited s", "slack s")
    for one in done.report.calls:
        start = "-" if one.started is None else f"{one.started:.3f}"
        figures = (f"{value:.3f}" for value in (one.seconds, one.waited, one.slack))
        table.add_row(str(one.call), Text(one.tool), start, *figures)
    return table


def verdict(done: PlanResult) -> Text:
    """Answer, times and why it ended."""
    report, result = done.report, done.result
    return Text(
        f"answer       {done.answer if done.answer is not None else 'none'}\n"
        f"stopped by   {result.stopped_by}{f': {result.error}' if result.error else ''}\n"
        f"makespan     {report.makespan:.3f} s, at least {report.lower_bound:.3f} s\n"
        f"bounded by   {report.bounded_by}: {report.detail}"
    )
