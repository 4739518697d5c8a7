"""What a run of a plan took, and pictures of it."""

from tts.planner.report.page import mermaid, page, planned_page
from tts.planner.report.report import CallReport, PlanReport, plan_report

__all__ = ["CallReport", "PlanReport", "mermaid", "page", "plan_report", "planned_page"]
