"""What an observer of a plan sees."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tts.planner.language import Call, Fault

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
    phase: Literal["plan", "repair", "replan", "join"]
    state: Literal["started", "ended"]
    reason: str = ""


PlanEvent = CallEvent | CheckedEvent | PhaseEvent
