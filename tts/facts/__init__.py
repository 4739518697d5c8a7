"""Facts about people who do not exist: worlds, their documents, questions of one and two hops."""

from tts.facts.problem import (
    FIRST_TRAINING_SEED,
    MOST_PER_BIN,
    FactProblem,
    demonstrations,
    documents,
    generate,
)

__all__ = [
    "FIRST_TRAINING_SEED",
    "MOST_PER_BIN",
    "FactProblem",
    "demonstrations",
    "documents",
    "generate",
]
