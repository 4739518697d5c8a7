"""Countdown: make a target of given numbers, each used once; problems, solver, texts, answers."""

from tts.countdown.answer import ended, made
from tts.countdown.problem import FIRST_TRAINING_SEED, CountdownProblem, generate

__all__ = ["FIRST_TRAINING_SEED", "CountdownProblem", "ended", "generate", "made"]
