"""A model's own belief that a solution is right."""

from __future__ import annotations

from collections.abc import Sequence

from tts.errors import BadReply
from tts.values import Completion, Message, Problem
from tts.verifiers.label_probability import label_probability


class TrueOrFalseWording:
    """P(True) of Kadavath et al. 2022, section 3: the probability of the word, not the word."""

    name, version = "true_or_false", "1"
    again = "Answer with one word, True or False."

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = (
            f"Problem:\n{problem.prompt}\n\nProposed solution:\n{texts[0]}\n\n"
            "Is the proposed solution right? Answer with one word, True or False."
        )
        return (Message("user", user),)

    def read(self, completion: Completion, texts: int) -> float:
        belief = label_probability(completion, "True", "False")
        if belief is None:
            raise BadReply("The judge said neither True nor False.")
        return belief

    def pretended(self, texts: int) -> str:
        return "True"
