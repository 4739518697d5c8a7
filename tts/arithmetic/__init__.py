"""Multi-step integer arithmetic: problems, exact solutions and exact step checks."""

from tts.arithmetic.graded import GRADES, any_path, generate_graded
from tts.arithmetic.problem import FIRST_TRAINING_SEED, ArithmeticProblem, generate
from tts.arithmetic.solution import STEP_SEPARATOR, solution, step_is_correct

__all__ = [
    "FIRST_TRAINING_SEED",
    "GRADES",
    "STEP_SEPARATOR",
    "ArithmeticProblem",
    "any_path",
    "generate",
    "generate_graded",
    "solution",
    "step_is_correct",
]
