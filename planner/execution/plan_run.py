"""A run of a plan: written, checked and carried out at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tts.errors import CallFailed
from tts.planner.checks import check_plan
from tts.planner.execution.call_builder import CallBuilder
from tts.planner.execution.call_values import (
    CallEnding,
    ancestors,
    asks_for_patch,
    endings,
    resolved,
    result_lines,
    result_text,
)
from tts.planner.execution.decision import Decision, decision_guide, read_decision
from tts.planner.execution.plan_graph import PlanGraph, Priorities
from tts.planner.execution.settings import CheckedEvent, Phase, PlanSettings, Timeline
from tts.planner.execution.streaming import (
    Listener,
    StreamedGeneration,
    StreamedPlan,
    StreamedText,
    plan_sampling,
)
from tts.planner.guides import plan_guide
from tts.planner.language import Fault, Plan, open_reader
from tts.protocols import Generator, Guide, Role
from tts.run import Node, Run
from tts.tools import Tool
from tts.values import Message


class PatchReason(Struct, frozen=True):
    """Why the planner is asked again, in words that nothing reads, and what it is told."""

    text: str
    known: tuple[int, ...] = ()
    """Calls whose results do not depend on timing."""


class PlanRun:
    """One task on one Run: plan, perhaps repair, run, perhaps patch, join."""

    def __init__(
        self, run: Run, tools: Mapping[str, Tool], settings: PlanSettings, *, task: str
    ) -> None:
        self.run, self.tools, self.settings, self.task = run, tools, settings, task
        self.plan = Plan()
        self.faults: tuple[Fault, ...] = ()
        self.broken = ""
        self.replans = 0
        self.running = True
        self.timeline = Timeline(now=asyncio.get_running_loop().time, tell=settings.tell)
        self.timeline.started = self.timeline.now()
        self.asked = settings.prompts.plan(task, tools, settings.form)
        builder = CallBuilder(
            settings, task=task, told=self.timeline.call, fan_out=settings.limits.fan_out
        )
        self.priorities = Priorities(tools, settings.seconds)
        self.graph = PlanGraph(run, tools, builder, self.priorities)

    # Writing

    async def write(self, *, run: bool = True) -> None:
        """Have the plan written; its sound calls run meanwhile, unless it is not to run."""
        self.running = run
        alone = self.settings.race == 1
        text = await (self._draft("plan", self.asked) if alone else self._race())
        for _ in range(self.settings.repairs):
            if not self.faults or self.broken:
                break
            await self._repair(text)
        if run:
            self.settle_plan()

    def settle_plan(self) -> None:
        """Let calls with an effect go where the plan is sound; else leave it to replanning."""
        if not self.faults and not self.broken:
            for call in self.graph.fit(self.plan):
                self.timeline.call(call, "kept")
            self.graph.open()

    def take(self, plan: Plan) -> None:
        """Run a plan that was made elsewhere; raises `CallFailed` where it is not sound."""
        self.plan = plan
        self.faults = check_plan(plan, self.tools, limits=self.settings.limits)
        self.priorities.prepare(plan)
        self.settle_plan()

    async def _repair(self, text: str) -> None:
        first = max((call.id for call in self.plan.calls), default=0) + 1
        asked = self.settings.prompts.repair(
            self.asked, text, self.faults, self.settings.form, first
        )
        await self._draft("repair", asked)

    async def _draft(self, phase: Phase, asked: tuple[Message, ...], reason: str = "") -> str:
        """Have a plan or patch written and read; the plan, its faults and what broke are kept."""
        begun = self.timeline.begin(phase, reason)
        unmended = self.faults if phase == "repair" else ()
        streamed = self._streamed(start=self.running, unmended=unmended)
        written = await self._written("plan", self.settings.planner, asked, self._guide(), streamed)
        self._drafted(phase, begun, streamed, written)
        return written.text

    async def _race(self) -> str:
        """Have several plans written at once; the first sound one is the plan (M1-Parallel,
        arXiv 2507.08944). Where none is sound, the first written."""
        begun, settings = self.timeline.begin("plan"), self.settings
        guide = self._guide()
        racers = range(settings.race)
        nodes = [self._draw("plan", settings.planner, self.asked, guide) for _ in racers]
        found = await self.run.first(nodes, where=self._sound)
        self.run.drop(nodes)
        found = found or await self.run.all(nodes)
        if not found:
            raise found.failed[0][1]
        streamed = self._streamed(start=self.running)
        streamed.feed(found[0].text)
        self._drafted("plan", begun, streamed, found[0])
        written: StreamedText = found[0]
        return written.text

    def _sound(self, written: StreamedText) -> bool:
        streamed = self._streamed(start=False)
        streamed.feed(written.text)
        return not written.broken and not streamed.check(streamed.end())[1]

    def _streamed(self, *, start: bool, unmended: Sequence[Fault] = ()) -> StreamedPlan:
        return StreamedPlan(
            open_reader(self.settings.form),
            self.tools,
            before=self.plan,
            graph=self.graph,
            timeline=self.timeline,
            limits=self.settings.limits,
            start=start,
            unmended=unmended,
        )

    def _drafted(
        self, phase: Phase, begun: float, streamed: StreamedPlan, written: StreamedText
    ) -> None:
        """Keep the plan that a whole text makes, its faults and why it broke off."""
        self.plan, self.faults = streamed.check(streamed.end())
        self.broken = written.broken
        self.timeline.turn(phase, begun)
        self.timeline.checked(CheckedEvent(self.timeline.now(), self.faults))

    def _guide(self) -> Guide | None:
        first = max((call.id for call in self.plan.calls), default=0) + 1
        settings = self.settings
        return plan_guide(self.tools, settings.guide, first=first, limits=settings.limits)

    async def _written(
        self,
        role: Role,
        name: str,
        asked: tuple[Message, ...],
        guide: Guide | None,
        streamed: StreamedPlan | None = None,
    ) -> StreamedText:
        node = self._draw(role, name, asked, guide)
        listener = Listener(streamed)
        if streamed is not None:
            node.hear(listener.hear)
        written: StreamedText = await node
        listener.rest(written.text)
        return written

    def _draw(
        self, role: Role, name: str, asked: tuple[Message, ...], guide: Guide | None
    ) -> Node[StreamedText]:
        settings = self.settings
        operation = StreamedGeneration(
            self._generator(name), role=role, timeout=settings.timeout, guide=guide
        )
        return self.run.call(
            operation, asked, plan_sampling(settings.temperature, settings.max_tokens)
        )

    def _generator(self, name: str) -> Generator:
        generators = self.run.settings.generators
        return generators[name or next(iter(generators))]

    # Running

    async def answer(self) -> Any:
        """Wait for the calls, patch the plan where they ask for it, and give the answer."""
        while True:
            reason = await self._patch_reason()
            if reason is None:
                decision = await self._join()
                if decision.decision == "answer":
                    self.timeline.ended = self.timeline.now()
                    return decision.content
                everything = tuple(call.id for call in self.plan.calls)
                reason = PatchReason(str(decision.content), known=everything)
            if self.replans >= self.settings.replans:
                raise CallFailed(reason.text)
            await self._replan(reason)

    async def _patch_reason(self) -> PatchReason | None:
        """Why the planner has to be asked again; None once every call ended as it may."""
        if self.broken:
            return PatchReason(
                f"The plan broke off: {self.broken}. What was written before goes on."
            )
        if self.faults:
            listed = "; ".join(str(fault) for fault in self.faults)
            return PatchReason(f"The plan is not valid: {listed}")
        nodes = endings(self.plan, self.graph.nodes, self.settings.on_failure, self.run)
        met: Sequence[CallEnding] = await self.run.first(nodes, where=asks_for_patch)
        if not met:
            return None
        [ending] = met
        call = self.plan.by_id()[ending.call]
        if ending.policy == "fail":
            raise CallFailed(f"call {ending.call}, {call.tool}, failed: {ending.error}")
        text = f"Call {ending.call}, {call.tool}, failed: {ending.error}"
        return PatchReason(text, known=tuple(ancestors(self.plan, ending.call)))

    async def _replan(self, reason: PatchReason) -> None:
        self.replans += 1
        known = self.results(reason.known)
        asked = self.settings.prompts.replan(
            self.asked, self.plan, known, reason.text, self.settings.form
        )
        text = await self._draft("replan", asked, reason.text)
        if self.faults and self.settings.repairs and not self.broken:
            await self._repair(text)
        self.settle_plan()

    def results(self, numbers: Sequence[int]) -> dict[int, str]:
        nodes = self.graph.nodes
        return {
            number: result_text(nodes[number].value)
            for number in numbers
            if number in nodes and nodes[number].state == "done"
        }

    async def _join(self) -> Decision:
        """The answer of the plan, or the joiner's decision."""
        if not self.plan.joined:
            try:
                value = resolved(self.plan.answer, self.graph.nodes, self.run)
                return Decision("answer", await self.run.call(_same, value))
            except CallFailed as error:
                return Decision("replan", f"The answer cannot be given: {error}")
        begun = self.timeline.begin("join")
        asked = self.settings.prompts.join(self.task, result_lines(self.plan, self.graph.nodes))
        guide = decision_guide(self.settings.guide)
        written = await self._written("plan", self.settings.joiner, asked, guide)
        self.timeline.turn("join", begun)
        return read_decision(written.text)


def _same(value: Any) -> Any:
    return value


def answer_text(value: Any) -> str:
    """An answer as a candidate holds it: strings as they are, anything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
