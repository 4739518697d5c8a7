"""Longest expected remaining path first (Law 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts.planner.language import Call, Plan
from tts.run import Node
from tts.tools import Tool

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
