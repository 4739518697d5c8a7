"""Checks before anything runs."""

from tts.planner.checks.check_call import Checker, renderings, result_of
from tts.planner.checks.check_plan import check_plan, cycle, too_large
from tts.planner.checks.doubts import Doubt, doubts
from tts.planner.checks.fields import NoField, field_of
from tts.planner.checks.limits import PlanLimits
from tts.planner.checks.needed import needed
from tts.planner.checks.schemas import Typed

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
