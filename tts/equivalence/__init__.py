"""When two answers are the same answer: one rule for votes, metrics and stopping."""

from tts.equivalence.canonical import normalise
from tts.equivalence.equivalence import VERSION, Equivalence, quick
from tts.equivalence.instructions import Instructions, follows, read_instructions
from tts.equivalence.pool import Verdict, is_admissible

__all__ = [
    "VERSION",
    "Equivalence",
    "Instructions",
    "Verdict",
    "follows",
    "is_admissible",
    "normalise",
    "quick",
    "read_instructions",
]
