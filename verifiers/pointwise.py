"""One solution judged by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.errors import BadReply
from tts.values import Completion, Message, Problem

_SYSTEM = (
    "You check solutions. Go through the solution step by step and look for the first mistake. "
    "Then write a last line of the form `Score: N`, where N is a whole number from 0 (certainly "
    "wrong) to 10 (certainly right)."
)
_SCORE = re.compile(r"score\s*[:=]\s*\**\s*(\d+(?:\.\d+)?)", re.IGNORECASE)


class PointwiseWording:
    """Asks for a mark from 0 to 10 (G-Eval, Liu et al. 2023, without its weighting)."""

    name, version = "pointwise", "1"

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = f"Problem:\n{problem.prompt}\n\nSolution:\n{texts[0]}"
        return (Message("system", _SYSTEM), Message("user", user))

    def read(self, completion: Completion, texts: int) -> float:
        """The last mark, in 0…1."""
        found = _SCORE.findall(completion.text)
        if not found:
            raise BadReply("The judge's answer holds no `Score: N`.")
        return min(10.0, float(found[-1])) / 10.0

    def pretended(self, texts: int) -> str:
        return "Score: 5"
