"""Figures of merit: of runs, of curves over a budget, of verifiers, and of what more draws give."""

from tts.eval.metrics.accuracy import (
    Accuracy,
    ProblemScore,
    accuracy,
    difficulty_bins,
    problem_score,
)
from tts.eval.metrics.coverage import CoverageFit, coverage_fit
from tts.eval.metrics.regret import (
    BudgetPoint,
    OracleGap,
    Stopped,
    accuracy_if_stopped,
    cumulative_regret,
    mean_regret,
    oracle_gap,
    selection_regret,
)
from tts.eval.metrics.steps import (
    FirstErrorScore,
    LabelledSteps,
    best_first_error_score,
    first_error_score,
    step_auc,
)
from tts.eval.metrics.verifier import (
    Calibration,
    Headroom,
    Overconfidence,
    auc,
    calibration,
    headroom,
    overconfidence,
    pass_at_n_weight,
    rank_within,
)

__all__ = [
    "Accuracy",
    "BudgetPoint",
    "Calibration",
    "CoverageFit",
    "FirstErrorScore",
    "Headroom",
    "LabelledSteps",
    "OracleGap",
    "Overconfidence",
    "ProblemScore",
    "Stopped",
    "accuracy",
    "accuracy_if_stopped",
    "auc",
    "best_first_error_score",
    "calibration",
    "coverage_fit",
    "cumulative_regret",
    "difficulty_bins",
    "first_error_score",
    "headroom",
    "mean_regret",
    "oracle_gap",
    "overconfidence",
    "pass_at_n_weight",
    "problem_score",
    "rank_within",
    "selection_regret",
    "step_auc",
]
