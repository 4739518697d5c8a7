"""Figures of merit: per run (a grade), per problem (a score), per set (an accuracy)."""

from tts.backends.replay import best_of_k, maj_at_k, pass_at_k
from tts.eval.metrics.accuracy import Accuracy, accuracy
from tts.eval.metrics.difficulty_bins import difficulty_bins
from tts.eval.metrics.problem_score import ProblemScore, problem_score

__all__ = [
    "Accuracy",
    "ProblemScore",
    "accuracy",
    "best_of_k",
    "difficulty_bins",
    "maj_at_k",
    "pass_at_k",
    "problem_score",
]
