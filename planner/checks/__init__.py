"""Checks before anything runs."""

from tts.planner.checks.check_call import Checker, renderings, result_of
from tts.planner.checks.check_plan import PlanLimits, check_plan, cycle, too_large
from tts.planner.checks.doubts import Doubt, doubts, needed
from tts.planner.checks.schemas import NoField, Typed, field_of

__all__ = [
    "Checker",
    "Doubt",
    "NoField",
    "PlanLimits",
    "Typed",
    "check_plan",
    "cycle",
    "doubts",
    "field_of",
    "needed",
    "renderings",
    "result_of",
    "too_large",
]
