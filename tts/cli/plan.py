"""`tts plan`: a task as a graph of calls of the tools that `module:name` names."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct
from rich.table import Table
from rich.text import Text

from tts.cli.exits import FAILED, run
from tts.cli.screen import Screen
from tts.engine import CompiledPlan, Engine, PlanResult
from tts.errors import BadInput
from tts.planner import Call, Plan
from tts.planner.language import write_call
from tts.planner.passes import PASSES
from tts.tools import MCPTools, Tool, ToolSet
from tts.tools.shielded import in_thread

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


def show_plan(task: str, place: str, options: dict[str, Any], wish: Wish) -> None:
    """Compile, perhaps optimise and run, and show; exits with 1 where there is no sound plan or
    the run failed. Without `wish.execute` no tool is called, whatever else is asked for."""
    if wish.form not in ("text", "json"):
        raise BadInput(f"A plan is written as text or json, not {wish.form!r}.")
    html = wish.html
    if html is not None and not (html.parent.is_dir() and os.access(html.parent, os.W_OK)):
        raise BadInput(f"{html}: its folder is not there or cannot be written to.")
    failure = run(_shown(task, load_tools(place), options, wish))
    if failure:
        Screen(stderr=True, soft_wrap=True).print(Text(failure))
        sys.exit(FAILED)


async def _shown(task: str, tools: ToolSet, options: dict[str, Any], wish: Wish) -> str:
    """Show the plan, and the run where it is run; returns what went wrong, in a line."""
    console, done = Screen(soft_wrap=True), None
    async with Engine(options.pop("model", "embedded:planner"), **options) as engine:
        plan = await engine.compile(task, tools=tools)
        if wish.optimise and not plan.check():
            passes = [name for name in PASSES if wish.execute or name != FOLDING]
            plan = await plan.optimised(passes)
        console.print(Text(plan.explain() if wish.form == "text" else plan.write("json")))
        console.print(Text(plan.mermaid()))
        asking = Asking(tools, yes=wish.yes, terminal=sys.stdin.isatty() and sys.stdout.isatty())
        failure = "The plan has faults and cannot run." if plan.check() else ""
        failure = failure or (asking.refusal(plan.plan) if wish.execute else "")
        if wish.execute and not failure:
            done = await plan.run(approve=asking)
    if done is not None:
        console.print(calls(done))
        console.print(verdict(done))
        failure = failed(done)
    _write_page(wish.html, plan, done)
    return failure


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
    table = Table("call", "tool", "start s", "seconds", "waited s", "slack s", "failed")
    for one in done.report.calls:
        start = "-" if one.started is None else f"{one.started:.3f}"
        figures = (f"{value:.3f}" for value in (one.seconds, one.waited, one.slack))
        error = Text(done.failures.get(one.call, ""))
        table.add_row(str(one.call), Text(one.tool), start, *figures, error)
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


def failed(done: PlanResult) -> str:
    """Why a run gave no answer, in a line; empty where it gave one."""
    if done.answer is not None and done.result.stopped_by == "done":
        return ""
    reason = " ".join((done.result.error or done.result.stopped_by).split())
    return f"The run failed: {reason}"


def load_tools(place: str) -> ToolSet:
    """The tool, or the list of tools, that `module:name` names; the working directory counts.

    Raises `BadInput` in one line: what is wrong, where in the module, and what to write.
    """
    module, _, name = place.partition(":")
    if not module or not all(part.isidentifier() for part in [*module.split("."), name]):
        raise BadInput(
            f"Tools {place!r}: write module:name, such as my_tools:tools{_no_file(place)}."
        )
    found = _attribute(_imported(module, place), name, place)
    given = [found] if isinstance(found, Tool) or callable(found) else found
    if isinstance(found, MCPTools):
        raise BadInput(f"Tools {place!r} are an MCP server; open it from Python: async with … as.")
    if not isinstance(given, Iterable) or not all(
        callable(one) or isinstance(one, Tool) for one in given
    ):
        raise BadInput(
            f"Tools {place!r} are a {type(found).__name__}, not a tool or a list of them."
        )
    return ToolSet(given)


def _imported(module: str, place: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            here = f"no module {error.name!r} in {os.getcwd()} or among the installed packages"
            raise BadInput(f"Tools {place!r}: there is {here}.") from error
        hint = f"install {error.name!r} beside tts, or take the import out"
        raise BadInput(f"Tools {place!r}: {_where(error)}: {_line(error)}; {hint}.") from error
    except SyntaxError as error:
        where = f"{error.filename}, line {error.lineno}"
        raise BadInput(f"Tools {place!r}: {where}: {error.msg}.") from error
    except (Exception, SystemExit) as error:  # whatever a module does when it is imported
        raise BadInput(
            f"Tools {place!r}: {_where(error)}: {type(error).__name__}: {_line(error)}; "
            "the module has to be importable."
        ) from error
    finally:
        sys.path.remove(os.getcwd())


def _attribute(module: ModuleType, name: str, place: str) -> Any:
    try:
        return getattr(module, name)
    except AttributeError as error:
        names = [key for key in vars(module) if not key.startswith("_")]
        near = next(iter(get_close_matches(name, names, n=1)), "")
        hint = f" Did you mean {module.__name__}:{near}?" if near else ""
        file = getattr(module, "__file__", None) or module.__name__
        raise BadInput(f"Tools {place!r}: {file} has no {name!r}.{hint}") from error


def _where(error: BaseException) -> str:
    """File and line of the user's own code in which a module failed."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and frame.filename != importlib.__file__
    ]
    own = [frame for frame in frames[1:] if "site-packages" not in frame.filename]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else "at its import"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no reason given"


def _no_file(place: str) -> str:
    """What to write instead of a file's path."""
    path, _, name = place.partition(":")
    if not path.endswith(".py"):
        return ""
    module = os.path.normpath(path.removesuffix(".py")).strip("/").replace(os.sep, ".")
    return f"; here {module}:{name or 'tools'}"
