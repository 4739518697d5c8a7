"""Cascades over models and efforts on recorded draws: accept what a cheap one is sure of, else ask the next."""

from tts.eval.cascade.fit import AtBudget, Fitted, Reached, at_budgets
from tts.eval.cascade.regret import Regret, regrets
from tts.eval.cascade.report import CascadeReport, cascades
from tts.eval.cascade.stages import Cost, Signal, Stage, stages_of

__all__ = [
    "AtBudget",
    "CascadeReport",
    "Cost",
    "Fitted",
    "Reached",
    "Regret",
    "Signal",
    "Stage",
    "at_budgets",
    "cascades",
    "regrets",
    "stages_of",
]
