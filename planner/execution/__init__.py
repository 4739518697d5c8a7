"""Plans at work: written, checked, run, patched and joined."""

from tts.planner.execution.events import CallEvent, CheckedEvent, PhaseEvent, PlanEvent
from tts.planner.execution.planning import Planning
from tts.planner.execution.priority import Priorities
from tts.planner.execution.settings import Approve, PlanSettings
from tts.planner.execution.timeline import Span, Timeline, Turn

__all__ = [
    "Approve",
    "CallEvent",
    "CheckedEvent",
    "PhaseEvent",
    "PlanEvent",
    "PlanSettings",
    "Planning",
    "Priorities",
    "Span",
    "Timeline",
    "Turn",
]
