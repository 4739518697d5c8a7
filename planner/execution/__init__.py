"""Plans at work: written, checked, run, patched and joined."""

from tts.planner.execution.plan_graph import Priorities
from tts.planner.execution.plan_run import PlanRun
from tts.planner.execution.settings import (
    Approve,
    CallEvent,
    CheckedEvent,
    PhaseEvent,
    PlanEvent,
    PlanSettings,
    Span,
    Timeline,
    Turn,
)

__all__ = [
    "Approve",
    "CallEvent",
    "CheckedEvent",
    "PhaseEvent",
    "PlanEvent",
    "PlanRun",
    "PlanSettings",
    "Priorities",
    "Span",
    "Timeline",
    "Turn",
]
