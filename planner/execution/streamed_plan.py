"""A plan being read: each statement is checked as it is sealed, and started where that is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tts.planner.checks import Checker, PlanLimits, check_plan
from tts.planner.execution.events import Timeline
from tts.planner.execution.plan_graph import PlanGraph
from tts.planner.language import (
    Call,
    Draft,
    Fault,
    FaultKind,
    Plan,
    Reader,
    Statement,
    bound,
    draft_of,
)
from tts.tools import Tool

_OF_THE_TEXT: frozenset[FaultKind] = frozenset(("syntax", "duplicate id", "ambiguous dollar"))
"""Faults that only the text of a call shows: they stay until a patch writes or drops the call."""
_SLICE = 2048
"""Characters that are read before the number of calls is looked at."""


class StreamedPlan:
    """Takes the text of one plan or patch, in any chunks."""

    def __init__(
        self,
        reader: Reader,
        tools: Mapping[str, Tool],
        *,
        before: Plan,
        graph: PlanGraph,
        timeline: Timeline,
        limits: PlanLimits,
        start: bool = True,
        unmended: Sequence[Fault] = (),
    ) -> None:
        """`unmended`: faults of the text that this one is to mend."""
        self.unmended = [f for f in unmended if f.call and f.kind in _OF_THE_TEXT]
        self.reader, self.tools, self.before = reader, tools, before
        self.graph, self.timeline, self.limits = graph, timeline, limits
        self.sealed: list[Statement] = []
        self.fresh = start and not before.calls
        """A first plan starts while it is written; a patch is applied as a whole."""
        self._checker = Checker(tools)
        for call in before.calls:
            self._checker.learn(call)
        self._unsound: set[int] = set()
        self._calls = 0

    def feed(self, text: str) -> None:
        """Read on, unless there are more calls already than a plan may have."""
        for start in range(0, len(text), _SLICE):
            if self._calls > self.limits.calls:
                return
            self._take(self.reader.feed(text[start : start + _SLICE]))

    def end(self) -> Draft:
        """What was read in all; of a plan that is too large, how it begins."""
        if self._calls <= self.limits.calls:
            self._take(self.reader.end())
        return draft_of(self.sealed)

    def check(self, draft: Draft) -> tuple[Plan, tuple[Fault, ...]]:
        """The plan that the draft makes of what was before, and all that is wrong with it."""
        patch = draft.patch
        plan = patch.applied(self.before)
        mended = {*draft.lines, *patch.drops}
        left = (fault for fault in self.unmended if fault.call not in mended)
        faults = check_plan(plan, self.tools, lines=draft.lines, limits=self.limits)
        return plan, (*draft.faults, *left, *faults)

    def _take(self, found: list[Statement]) -> None:
        for one in found:
            item: Any = one.item
            if isinstance(item, Call):
                tool = self.tools.get(item.tool)
                item = bound(item, tuple(tool.arguments)) if tool else item
                self._calls += 1
                self._start(item, one.line)
            elif isinstance(item, Fault):
                self._unsound.add(item.call)
            self.sealed.append(replace(one, item=item))

    def _start(self, call: Call, line: int) -> None:
        """Start a call at once where it is sound, of a first plan, and new."""
        self.timeline.call(call, "sealed")
        known = call.id in self._checker.results
        faults = self._checker.faults(call, line)
        if not known:
            self._checker.learn(call)
        room = len(self.graph.nodes) < self.limits.calls
        sound = not known and not faults and call.id not in self._unsound
        if self.fresh and not (sound and room and self.graph.add(call)):
            self.timeline.call(call, "held")


class Listener:
    """Feeds a plan with what is heard; an error of it is kept until the text is whole."""

    def __init__(self, plan: StreamedPlan | None) -> None:
        self.plan, self.heard = plan, 0
        self.error: Exception | None = None

    def hear(self, text: str) -> None:
        self.heard += len(text)
        if self.plan is not None and self.error is None:
            try:
                self.plan.feed(text)
            except Exception as error:  # noqa: BLE001 — the backend's stream must not see it
                self.error = error

    def rest(self, text: str) -> None:
        """What was not heard, once the whole text is known."""
        if self.error is not None:
            raise self.error
        if self.plan is not None:
            self.plan.feed(text[self.heard :])
