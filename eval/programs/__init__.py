"""Recorded programs and tests that a model wrote: executed once, then selected among by many rules."""

from tts.eval.programs.curves import CURVE_RULES, RuleCurve, SelectionReport, selection_report
from tts.eval.programs.matrix import Executed, Executions, executed
from tts.eval.programs.pool import ProgramPool, ProgramTask, read_program_pool

__all__ = [
    "CURVE_RULES",
    "Executed",
    "Executions",
    "ProgramPool",
    "ProgramTask",
    "RuleCurve",
    "SelectionReport",
    "executed",
    "read_program_pool",
    "selection_report",
]
