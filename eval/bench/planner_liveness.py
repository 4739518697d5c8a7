"""Whether a run always ends, whatever tools and planners do. Real time.

As a program, this file runs a plan that never ends, to be interrupted by Ctrl-C.
"""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from msgspec import Struct

from tts.backends.scripted import ScriptedGenerator
from tts.errors import TTSError
from tts.eval.bench.misbehaving import BAD_PLANNERS, LIMIT, BadPlanner, bad_tools
from tts.eval.bench.report import Row, at_most, exactly
from tts.eval.bench.simulation import solved
from tts.executor.limits import RetryPolicy
from tts.planner import PlanEvent, PlanSettings, PlanStrategy
from tts.planner.execution import CallEvent, PlanRun
from tts.tools import ToolSet

PATIENCE = 10.0
"""Seconds after which a run counts as hanging."""
GOOD = frozenset(("look", "send"))
INTERRUPTED = (
    "hangs",
    "hangs_in_its_thread",
    "ignores_its_cancellation",
    "ignores_everything",
    "planner",
)
"""Tools of `bad_tools` that never answer, and a planner that stops in the middle."""
Keep = Callable[[PlanRun], None]
_QUICK = RetryPolicy(retries=1, first_delay=0.01)


class End(Struct, frozen=True):
    """How one run ended."""

    name: str
    seconds: float
    ended: bool
    tasks: int
    """Tasks of the event loop that were left over."""
    open_calls: int
    """Calls of the plan without an end."""


def liveness() -> list[Row]:
    """Runs with bad tools, with bad planners, under a deadline, and interrupted by Ctrl-C."""
    tools = [name for name in bad_tools() if name not in GOOD]
    with_tools = [_ended(name, partial(_bad_tool, name)) for name in tools]
    with_planner = [_ended(name, partial(_bad_planner, name)) for name in BAD_PLANNERS]
    late = [_ended("deadline", partial(_deadline, name)) for name in tools]
    rows = _rows(f"with a bad tool of {LIMIT:g} s", with_tools)
    rows += _rows("with a bad planner", with_planner)
    rows += _rows("with a bad tool and a deadline of 0.3 s", late)
    interrupted = [seconds_to_end(name, PATIENCE) for name in INTERRUPTED]
    what = f"{len(interrupted)} processes interrupted by Ctrl-C"
    missing = sum(seconds is None for seconds in interrupted)
    slowest = max(seconds for seconds in interrupted if seconds is not None)
    rows.append(exactly(f"of {what}, never ended", missing, "", bar=0))
    return [*rows, at_most(f"slowest of {what}", slowest, "s", bar=2.0)]


def _rows(kind: str, ends: list[End]) -> list[Row]:
    what = f"{len(ends)} runs {kind}"
    hanging = sum(not end.ended for end in ends)
    return [
        exactly(f"of {what}, never ended", hanging, "", bar=0),
        exactly(f"calls without an end after {what}", sum(e.open_calls for e in ends), "", bar=0),
        exactly(f"tasks left by {what}", sum(end.tasks for end in ends), "", bar=0),
        at_most(f"slowest of {what}", max(end.seconds for end in ends), "s", bar=2.0),
    ]


def _ended(name: str, make: Callable[[Keep], Coroutine[Any, Any, Any]]) -> End:
    """Run in an event loop of its own, and look at what is left of it."""
    kept: list[PlanRun] = []

    async def watched() -> tuple[bool, int]:
        try:
            async with asyncio.timeout(PATIENCE):
                await make(kept.append)
        except TimeoutError:
            return False, 0
        except (TTSError, RuntimeError):  # a run that failed has ended
            pass
        return True, len(asyncio.all_tasks()) - 1

    started = time.monotonic()
    ended, tasks = asyncio.run(watched())
    nodes = [node for plan_run in kept for node in plan_run.graph.nodes.values()]
    still = sum(not node.settled for node in nodes)
    return End(name, time.monotonic() - started, ended, tasks, still)


def _bad_tool(name: str, keep: Keep) -> Coroutine[Any, Any, Any]:
    """A call of it between others: before, beside and after."""
    text = f'1. {name}()\n2. look(name="b")\n3. send(text=$2) after $1\nanswer = $2\n'
    writer = ScriptedGenerator([text])
    strategy = PlanStrategy(bad_tools(), settings=PlanSettings(replans=0), keep=keep)
    return solved(strategy, 512, writer, retry=_QUICK)


def _bad_planner(name: str, keep: Keep) -> Coroutine[Any, Any, Any]:
    writer = BadPlanner(BAD_PLANNERS[name])
    strategy = PlanStrategy(bad_tools(), settings=PlanSettings(timeout=0.2), keep=keep)
    return solved(strategy, 512, writer, retry=_QUICK)


def _deadline(name: str, keep: Keep) -> Coroutine[Any, Any, Any]:
    """Many calls of it, one at a time, until the run's time is over."""
    text = "".join(f"{number}. {name}() on failure skip\n" for number in range(1, 40))
    tools = ToolSet(dataclasses.replace(tool, cache=False) for tool in bad_tools().values())
    strategy = PlanStrategy(tools, settings=PlanSettings(), keep=keep)
    return solved(strategy, 2, ScriptedGenerator([f"{text}join()\n", "x"]), seconds=0.3)


def seconds_to_end(name: str, patience: float) -> float | None:
    """From the interrupt to the end of the process; None: it had to be killed."""
    command = [sys.executable, "-m", "tts.eval.bench.planner_liveness", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        try:
            process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
        return time.monotonic() - started


async def hang(name: str) -> None:
    """A plan whose calls, or whose text, never end; says `started` once a call is under way."""
    tools = ToolSet(dataclasses.replace(tool, timeout=600.0) for tool in bad_tools().values())

    def tell(event: PlanEvent) -> None:
        if isinstance(event, CallEvent) and event.state == "started":
            sys.stdout.write("started\n")
            sys.stdout.flush()

    strategy = PlanStrategy(tools, settings=PlanSettings(timeout=600.0, tell=tell))
    if name == "planner":
        await solved(strategy, 512, BadPlanner(BAD_PLANNERS["hangs inside a call"]))
    else:
        await solved(strategy, 512, ScriptedGenerator([f"1. {name}()\n2. {name}()\njoin()\n"]))


if __name__ == "__main__":
    asyncio.run(hang(sys.argv[1]))
