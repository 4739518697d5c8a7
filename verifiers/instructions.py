"""The verifier that looks whether an answer keeps to what its question says: exact, and free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts.equivalence import Instructions, read_instructions
from tts.errors import UsageError
from tts.protocols import Answer, Draw, FlatCall, Meter, OperationSpec
from tts.run import Node, Run
from tts.values import Candidate, Problem, Score, Usage

INSTRUCTIONS = "instructions"
"""Of a problem's metadata: what stands in its question and a program can check. For a number they
are necessary and not sufficient (one of the four, above both summands)."""


class InstructionsVerifier:
    """The share of a question's instructions that a candidate's answer keeps to, 0…1.

    A candidate without an answer keeps to none. A question that shows none is an error: there is
    nothing to prefer by.
    """

    name = "instructions"

    def __init__(self) -> None:
        self.operation = Checking()

    @property
    def identity(self) -> Any:
        return {"instructions": self.operation.spec.version}

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        return run.call(self.operation, candidate)


class Checking(FlatCall):
    """Checks one candidate, the argument; its value: a score."""

    content_type = float
    flat_cost = Usage(calls=1)
    spec = OperationSpec(
        name="check/instructions", version="1", role="verify", effect="pure", retries=0
    )

    def identity(self, args: tuple[Any, ...]) -> Any:
        told = instructions_of(args[0].problem)
        return (args[0].answer, [getattr(told, name) for name in told.__struct_fields__])

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        candidate: Candidate = args[0]
        asked, answer = instructions_of(candidate.problem), candidate.answer
        return self.answered(0.0 if answer is None else asked.share(answer))

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Score:
        return Score(value=content)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return 1.0


def instructions_of(problem: Problem) -> Instructions:
    """What a question shows; raises `UsageError` where there is nothing to check."""
    if INSTRUCTIONS not in problem.metadata:
        raise UsageError(
            f"Problem {problem.id!r} shows no instructions that a program can check: take a set "
            f"whose rows have {INSTRUCTIONS!r}, such as short_texts, or another verifier."
        )
    return read_instructions(problem.metadata[INSTRUCTIONS])
