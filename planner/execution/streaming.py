"""A plan as it is written: the draw whose text is heard, and what is checked and started of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tts.errors import CallError
from tts.planner.checks import Checker, PlanLimits, check_plan
from tts.planner.execution.plan_graph import PlanGraph
from tts.planner.execution.settings import Timeline
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
from tts.protocols import (
    Answer,
    Draw,
    GenerateReply,
    Generator,
    Guide,
    Meter,
    Reply,
    Role,
)
from tts.run import GeneratorCall, Prompt
from tts.tools import Tool
from tts.values import ENDED, Sampling, Usage

_SPARE = 5.0
"""Seconds by which the executor's own limit lies behind this one's."""


class StreamedText(Struct, frozen=True, kw_only=True):
    """A text, and whether it is whole."""

    text: str
    broken: str = ""
    """Why it ends before its end: the stream broke, or the ceiling on tokens was met."""


class StreamedGeneration(GeneratorCall):
    """Draws one text. Arguments of a call: (messages, sampling).

    Once anybody has heard some of the text, a failure is no longer an error to be retried: what
    was written is the result, with the reason why it ends there.
    """

    content_type = StreamedText
    missing = "The server returned no text."

    def __init__(
        self, generator: Generator, *, role: Role, timeout: float, guide: Guide | None = None
    ) -> None:
        super().__init__(
            generator,
            name=f"write/{role}",
            version="1",
            role=role,
            timeout=timeout + _SPARE,
            guide=guide,
            streamed=True,
        )
        self.timeout = timeout

    def identity(self, args: tuple[Any, ...]) -> Any:
        return (args[0], args[1], self.guide)

    def prompt(self, args: tuple[Any, ...]) -> Prompt:
        return args[0], ""

    def sampling_of(self, args: tuple[Any, ...]) -> Sampling:
        sampling: Sampling = args[1]
        return sampling

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        heard: list[str] = []
        hear = meter.hear

        def listen(position: int, text: str) -> None:
            text = readable(text)
            heard.append(text)
            if hear is not None:
                hear(position, text)

        try:
            async with asyncio.timeout(self.timeout):
                reply = await self.generate(args, draws, meter, listen if hear else None)
        except (CallError, TimeoutError) as error:
            if not heard:
                raise
            return self._broken("".join(heard), error, self.worst(args, first=True), meter)
        return self._answer(reply)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return StreamedText(text="join()\n")

    def _answer(self, reply: GenerateReply) -> Answer:
        answer = reply.answer(self.missing)
        drawn = answer.replies[0]
        if isinstance(drawn, CallError):
            raise drawn
        reason = drawn.content.finish_reason
        broken = "" if reason in ENDED else f"it ended by {reason}"
        written = StreamedText(text=readable(drawn.content.text), broken=broken)
        return replace(answer, replies=(replace(drawn, content=written),))

    def _broken(self, text: str, error: Exception, worst: Usage, meter: Meter) -> Answer:
        reason = str(error) or f"no end within {self.timeout:g} s"
        usage = meter.usage or worst
        written = StreamedText(text=text, broken=f"{type(error).__name__}: {reason}")
        reply = Reply(content=written, usage=usage, degraded="broken stream")
        return Answer(replies=(reply,), billed=usage)


def readable(text: str) -> str:
    """The text with a question mark for every half of a surrogate pair: no journal holds those."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def plan_sampling(temperature: float, max_tokens: int) -> Sampling:
    """The sampling of plans and decisions."""
    return Sampling(temperature=temperature, max_tokens=max_tokens)


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
