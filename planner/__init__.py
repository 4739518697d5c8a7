"""Tasks compiled into parallel calls of tools."""

from tts.planner.checks import PlanLimits, check_plan
from tts.planner.execution import PlanEvent, PlanSettings
from tts.planner.guides import plan_grammar, plan_schema
from tts.planner.language import Call, Fault, Plan, Reference, read_plan, write_plan
from tts.planner.plan_strategy import PlanCache, PlanStrategy
from tts.planner.prompts import DEFAULT_PROMPTS, TASK_ONLY_PROMPTS, Prompts
from tts.planner.react import ReAct
from tts.planner.report import PlanReport, plan_report

__all__ = [
    "DEFAULT_PROMPTS",
    "TASK_ONLY_PROMPTS",
    "Call",
    "Fault",
    "Plan",
    "PlanCache",
    "PlanEvent",
    "PlanLimits",
    "PlanReport",
    "PlanSettings",
    "PlanStrategy",
    "Prompts",
    "ReAct",
    "Reference",
    "check_plan",
    "plan_grammar",
    "plan_report",
    "plan_schema",
    "read_plan",
    "write_plan",
]
