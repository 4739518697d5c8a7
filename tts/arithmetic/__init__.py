"""Multi-step integer arithmetic: problems, exact solutions and exact step checks."""

from tts.arithmetic.generate import FIRST_TRAINING_SEED, generate
from tts.arithmetic.problem import ArithmeticProblem
from tts.arithmetic.solution import STEP_SEPARATOR, solution
from tts.arithmetic.step_is_correct import step_is_correct

__all__ = [
    "FIRST_TRAINING_SEED",
    "STEP_SEPARATOR",
    "ArithmeticProblem",
    "generate",
    "solution",
    "step_is_correct",
]
