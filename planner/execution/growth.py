"""The graph of a plan as it grows: calls to nodes, over every generation of the plan."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tts.planner.checks import Checker
from tts.planner.execution.make import Maker, recovered
from tts.planner.execution.priority import Priorities
from tts.planner.language import Call, Plan, write_call
from tts.run import Node, Run
from tts.tools import REPEATABLE, Tool


class Growth:
    """Starts calls as soon as that is allowed, and keeps what a patch leaves valid."""

    def __init__(
        self, run: Run, tools: Mapping[str, Tool], maker: Maker, priorities: Priorities
    ) -> None:
        self.run, self.tools, self.maker, self.priorities = run, tools, maker, priorities
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
        self.nodes[call.id] = self.maker.make(made, tool, self.nodes, guards, self.run, priority)
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
