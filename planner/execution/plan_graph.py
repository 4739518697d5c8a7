"""The graph of a plan as it grows: calls to nodes over every patch, the longest path first (Law 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tts.planner.checks import Checker
from tts.planner.execution.call_builder import CallBuilder, recovered
from tts.planner.language import Call, Plan, write_call
from tts.run import Node, Run
from tts.tools import REPEATABLE, Tool

_UNKNOWN = 1.0
"""Seconds that a call of unknown duration is taken for: then depth decides."""


class Priorities:
    """Keeps, for every call, the expected seconds from its start to the end of its longest path."""

    def __init__(self, tools: Mapping[str, Tool], seconds: Mapping[str, float]) -> None:
        self.tools, self.seconds = tools, seconds
        self.remaining: dict[int, float] = {}
        self._own: dict[int, float] = {}
        self._inputs: dict[int, tuple[int, ...]] = {}

    def expected(self, call: Call) -> float:
        """Seconds that a call is expected to take."""
        known = self.seconds.get(call.tool)
        tool = self.tools.get(call.tool)
        if known is None and tool is not None:
            known = tool.seconds
        return _UNKNOWN if known is None else known

    def prepare(self, plan: Plan) -> None:
        """Take a whole plan in at once, so that adding its calls costs nothing more."""
        self._own = {call.id: self.expected(call) for call in plan.calls}
        self._inputs = {call.id: call.inputs for call in plan.calls}
        self.remaining = dict(self._own)
        for call in reversed(plan.calls):
            for before in call.inputs:
                path = self._own.get(before, 0.0) + self.remaining[call.id]
                self.remaining[before] = max(self.remaining.get(before, 0.0), path)

    def add(self, call: Call, nodes: Mapping[int, Node[Any]]) -> float:
        """Take a new call in, and raise those before it that wait; returns its own priority."""
        if call.id in self.remaining and self._inputs.get(call.id) == call.inputs:
            return self.remaining[call.id]
        self._own[call.id], self._inputs[call.id] = self.expected(call), call.inputs
        self.remaining[call.id] = self._own[call.id]
        self._raise(call.id, nodes)
        return self.remaining[call.id]

    def _raise(self, number: int, nodes: Mapping[int, Node[Any]]) -> None:
        changed = [number]
        while changed:
            current = changed.pop()
            for before in self._inputs.get(current, ()):
                path = self._own.get(before, 0.0) + self.remaining[current]
                if path > self.remaining.get(before, 0.0):
                    self.remaining[before] = path
                    if before in nodes:
                        nodes[before].priority = path
                    changed.append(before)


class PlanGraph:
    """Starts calls as soon as that is allowed, and keeps what a patch leaves valid."""

    def __init__(
        self, run: Run, tools: Mapping[str, Tool], builder: CallBuilder, priorities: Priorities
    ) -> None:
        self.run, self.tools, self.builder, self.priorities = run, tools, builder, priorities
        self.nodes: dict[int, Node[Any]] = {}
        self.kept = 0
        """Calls that patches left as they were."""
        self.checker = Checker(tools)
        self._signatures: dict[int, str] = {}
        self._gate = asyncio.Event()
        self._opened: Node[Any] = run.call(self._whole)

    def add(self, call: Call) -> bool:
        """Start a checked call; False where something that it needs is not there."""
        if any(number not in self.nodes for number in call.inputs):
            return False
        tool = self.tools[call.tool]
        guards = [] if tool.effect in REPEATABLE else [self._opened]
        priority = self.priorities.add(call, self.nodes)
        self.checker.learn(call)
        made = self.checker.fitted(call)
        self.nodes[call.id] = self.builder.make(made, tool, self.nodes, guards, self.run, priority)
        self._signatures[call.id] = self._signature(call)
        return True

    def open(self) -> None:
        """The whole plan is checked and journalled: calls with an effect may go."""
        self._gate.set()

    def fit(self, plan: Plan) -> list[Call]:
        """Make the graph that of a patched plan; returns the calls that were started anew.

        A call is kept where it and everything before it is unchanged and has not failed.
        """
        wanted = plan.by_id()
        for number in [number for number in self.nodes if number not in wanted]:
            self._remove(number)
        started: list[Call] = []
        for call in plan.calls:
            node = self.nodes.get(call.id)
            if node is not None and node.error is None and self._same(call):
                self.kept += 1
                continue
            self._remove(call.id)
            if self.add(call):
                started.append(call)
        return started

    def failures(self) -> dict[int, str]:
        """Why calls failed, those included in whose place a substitute stands."""
        errors = {number: _made(node).error for number, node in self.nodes.items()}
        return {n: str(error) or type(error).__name__ for n, error in errors.items() if error}

    def _same(self, call: Call) -> bool:
        return self._signatures[call.id] == self._signature(call)

    def _signature(self, call: Call) -> str:
        """What a call is, results that it uses included: theirs are the nodes as they are now."""
        inputs = ",".join(f"{n}={self.nodes[n].ordinal}" for n in call.inputs if n in self.nodes)
        return f"{write_call(call)}|{inputs}"

    def _remove(self, number: int) -> None:
        node = self.nodes.pop(number, None)
        self._signatures.pop(number, None)
        if node is not None:
            self.run.drop(list(dict.fromkeys((node, _made(node)))))

    async def _whole(self) -> None:
        await self._gate.wait()


def _made(node: Node[Any]) -> Node[Any]:
    """The node of the call itself, behind the one that may hold its substitute."""
    made: Node[Any] = node.args[0] if node.function is recovered else node
    return made
