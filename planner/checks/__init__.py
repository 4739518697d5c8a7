"""Checks before anything runs."""

from tts.planner.checks.check_call import check_call, result_of
from tts.planner.checks.check_plan import check_plan, cycle, too_large
from tts.planner.checks.fields import NoField, field_of
from tts.planner.checks.limits import PlanLimits
from tts.planner.checks.schemas import Typed

__all__ = [
    "NoField",
    "PlanLimits",
    "Typed",
    "check_call",
    "check_plan",
    "cycle",
    "field_of",
    "result_of",
    "too_large",
]
