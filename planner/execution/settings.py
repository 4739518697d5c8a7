"""How a plan is written, checked and run, and what an observer is told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tts.errors import UsageError
from tts.planner.checks import PlanLimits
from tts.planner.guides import Guidance
from tts.planner.language import Call, Fault, Form, Policy
from tts.planner.prompts import DEFAULT_PROMPTS, Prompts
from tts.run import Strategy

Phase = Literal["plan", "repair", "replan", "join"]
"""Turns of the planner, and of the joiner."""
CallState = Literal["sealed", "held", "started", "ended", "done", "failed", "kept", "dropped"]
"""held: waits for the whole plan; started, ended: one attempt; kept: a patch left it as it is."""


class CallEvent(Struct, frozen=True, tag="call"):
    """Something happened to a call."""

    at: float
    """Seconds of the monotonic clock."""
    call: Call
    state: CallState


class CheckedEvent(Struct, frozen=True, tag="checked"):
    """The whole plan was read and checked."""

    at: float
    faults: tuple[Fault, ...]


class PhaseEvent(Struct, frozen=True, tag="phase"):
    """The planner or the joiner starts or ends a turn."""

    at: float
    phase: Phase
    state: Literal["started", "ended"]
    reason: str = ""


PlanEvent = CallEvent | CheckedEvent | PhaseEvent


class Span(Struct):
    """Seconds of the monotonic clock; None: not yet."""

    sealed: float | None = None
    started: float | None = None
    ended: float | None = None
    busy: float = 0.0
    """Seconds of all attempts and elements together."""
    open: int = 0


class Turn(Struct, frozen=True):
    """One turn of the planner or the joiner."""

    phase: Phase
    started: float
    ended: float


class Timeline(Struct):
    """Collects times and passes events on."""

    now: Callable[[], float]
    tell: Callable[[PlanEvent], None] | None = None
    spans: dict[int, Span] = msgspec.field(default_factory=dict)
    turns: list[Turn] = msgspec.field(default_factory=list)
    started: float = 0.0
    ended: float = 0.0

    def call(self, call: Call, state: CallState) -> None:
        """Something happened to a call."""
        at, span = self.now(), self.spans.setdefault(call.id, Span())
        if state == "sealed":
            self.spans[call.id] = Span(sealed=at)
        elif state == "started":
            span.started = at if span.started is None else span.started
            span.open += 1
            span.busy -= at
        elif state == "ended":
            span.ended, span.open = at, span.open - 1
            span.busy += at
        self._tell(CallEvent(at, call, state))

    def turn(self, phase: Phase, started: float) -> None:
        """A turn of the planner or the joiner is over."""
        at = self.now()
        self.turns.append(Turn(phase, started, at))
        self._tell(PhaseEvent(at, phase, "ended"))

    def begin(self, phase: Phase, reason: str = "") -> float:
        """A turn starts; returns when."""
        at = self.now()
        self._tell(PhaseEvent(at, phase, "started", reason))
        return at

    def checked(self, event: CheckedEvent) -> None:
        self._tell(event)

    def _tell(self, event: PlanEvent) -> None:
        if self.tell is not None:
            self.tell(event)


Approve = Callable[[Call, Mapping[str, Any]], Awaitable[bool]]
"""Told a call with an effect and its resolved arguments; whether it may be made."""
Build = Callable[[str], Strategy]
"""`best_of_n(n=4)` to the strategy."""


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """Everything about planning that is not the tools."""

    form: Form = "text"
    guide: Guidance = "none"
    on_failure: Policy = "replan"
    """For calls that name no policy of their own."""
    replans: int = 1
    """Most patches that failures or the joiner may ask for."""
    repairs: int = 1
    """Most turns that a faulty plan is sent back with its faults."""
    race: int = 1
    """First plans that are written at once; the first sound one runs, the others are cancelled.
    Its calls start once it is chosen. More than one needs a temperature above 0."""
    limits: PlanLimits = field(default_factory=PlanLimits)
    prompts: Prompts = DEFAULT_PROMPTS
    max_tokens: int = 1024
    """Of one plan, patch or joiner's decision."""
    temperature: float = 0.0
    timeout: float = 120.0
    """Seconds for one plan; a plan cut off by it keeps what was written."""
    approve: Approve | None = None
    """Asked before every call with an effect; None: the tools given are approval enough."""
    planner: str = ""
    """Name of the generator that writes plans; empty: the default one."""
    joiner: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Expected duration by tool, for the order of calls; a tool's own `seconds` otherwise."""
    build: Build | None = None
    """Makes the strategies that the tool `solve` may name."""
    tell: Callable[[PlanEvent], None] | None = None
    """Told what happens to the plan, as it happens."""

    def __post_init__(self) -> None:
        if self.race < 1 or (self.race > 1 and self.temperature <= 0):
            raise UsageError(
                f"race={self.race} at temperature {self.temperature:g}: a race is between at least "
                "two plans that may differ, so give a temperature above 0."
            )
