"""A plan being read: each statement is checked as it is sealed, and started where that is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tts.planner.checks import PlanLimits, Typed, check_call, check_plan, result_of
from tts.planner.execution.growth import Growth
from tts.planner.execution.timeline import Timeline
from tts.planner.language import (
    Call,
    Draft,
    Fault,
    FaultKind,
    Plan,
    Reader,
    Sealed,
    bound,
    draft_of,
)
from tts.tools import Tool

_OF_THE_TEXT: frozenset[FaultKind] = frozenset(("syntax", "duplicate id", "ambiguous dollar"))
"""Faults that only the text of a call shows: they stay until a patch writes or drops the call."""


class Drafting:
    """Takes the text of one plan or patch, in any chunks."""

    def __init__(
        self,
        reader: Reader,
        tools: Mapping[str, Tool],
        *,
        before: Plan,
        growth: Growth,
        timeline: Timeline,
        limits: PlanLimits,
        start: bool = True,
        unmended: Sequence[Fault] = (),
    ) -> None:
        """`unmended`: faults of the text that this one is to mend."""
        self.unmended = [f for f in unmended if f.call and f.kind in _OF_THE_TEXT]
        self.reader, self.tools, self.before = reader, tools, before
        self.growth, self.timeline, self.limits = growth, timeline, limits
        self.sealed: list[Sealed] = []
        self.fresh = start and not before.calls
        """A first plan starts while it is written; a patch is applied as a whole."""
        self._results: dict[int, Typed] = {
            call.id: result_of(call, tools.get(call.tool)) for call in before.calls
        }
        self._unsound: set[int] = set()

    def feed(self, text: str) -> None:
        self._take(self.reader.feed(text))

    def end(self) -> Draft:
        """What was read in all."""
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

    def _take(self, found: list[Sealed]) -> None:
        for one in found:
            item: Any = one.item
            if isinstance(item, Call):
                tool = self.tools.get(item.tool)
                item = bound(item, tuple(tool.arguments)) if tool else item
                self._start(item, one.line)
            elif isinstance(item, Fault):
                self._unsound.add(item.call)
            self.sealed.append(replace(one, item=item))

    def _start(self, call: Call, line: int) -> None:
        """Start a call at once where it is sound, of a first plan, and new."""
        self.timeline.call(call, "sealed")
        known = call.id in self._results
        faults = check_call(call, self.tools, self._results, line)
        if not known:
            self._results[call.id] = result_of(call, self.tools.get(call.tool))
        room = len(self.growth.nodes) < self.limits.calls
        sound = not known and not faults and call.id not in self._unsound
        if self.fresh and not (sound and room and self.growth.add(call)):
            self.timeline.call(call, "held")
