"""What an observer of a plan sees, and the times that are kept of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from tts.planner.language import Call, Fault

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
    spans: dict[int, Span] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
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
