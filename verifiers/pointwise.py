"""One solution judged by itself."""

from __future__ import annotations

from collections.abc import Sequence

from tts.answers.verdict import mark, settled
from tts.errors import BadReply
from tts.values import Completion, Message, Problem

_SYSTEM = (
    "You check solutions. Go through the solution step by step and look for the first mistake. "
    "Then write a last line of the form `Score: N`, where N is a whole number from 0 (certainly "
    "wrong) to 10 (certainly right)."
)


class PointwiseWording:
    """Asks for a mark from 0 to 10 (G-Eval, Liu et al. 2023, without its weighting)."""

    name, version = "pointwise", "1"
    again = (
        "Write only the line `Score: N`, where N is a whole number from 0 (certainly wrong) to 10 "
        "(certainly right)."
    )

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = f"Problem:\n{problem.prompt}\n\nSolution:\n{texts[0]}"
        return (Message("system", _SYSTEM), Message("user", user))

    def read(self, completion: Completion, texts: int) -> float:
        """The mark in 0…1, in whatever words it is given."""
        found = mark(settled(completion))
        if found is None:
            raise BadReply("The judge gave no mark from 0 to 10.")
        return found

    def pretended(self, texts: int) -> str:
        return "Score: 5"
