"""Recorded programs and tests that a model wrote: executed once, then selected among by many rules."""

from tts.eval.programs.curves import CURVE_RULES, RuleCurve, SelectionReport, selection_report
from tts.eval.programs.matrix import Executed, Executions, executed
from tts.eval.programs.pool import ProgramPool, ProgramTask, read_program_pool
from tts.eval.programs.repaired import RepairReport, repair_report

__all__ = [
    "CURVE_RULES",
    "Executed",
    "Executions",
    "ProgramPool",
    "ProgramTask",
    "RepairReport",
    "RuleCurve",
    "SelectionReport",
    "executed",
    "read_program_pool",
    "repair_report",
    "selection_report",
]
