"""When two answers are the same answer: one rule for votes, metrics and stopping."""

from tts.equivalence.equivalence import VERSION, Equivalence
from tts.equivalence.guard import is_admissible
from tts.equivalence.normalise import normalise
from tts.equivalence.quick import quick
from tts.equivalence.verdict import Verdict

__all__ = ["VERSION", "Equivalence", "Verdict", "is_admissible", "normalise", "quick"]
