"""Multi-step integer arithmetic: problems, exact solutions and exact step checks."""

from tts.arithmetic.problem import FIRST_TRAINING_SEED, ArithmeticProblem, generate
from tts.arithmetic.solution import STEP_SEPARATOR, solution, step_is_correct

__all__ = [
    "FIRST_TRAINING_SEED",
    "STEP_SEPARATOR",
    "ArithmeticProblem",
    "generate",
    "solution",
    "step_is_correct",
]
