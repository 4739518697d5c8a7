"""The verifier that reads a program without running it: the less is found in it, the better.

After FRANC (Siddiq et al. 2024), which ranks programs that compile before others and then those
without a finding of bandit before those with one; here findings are weighed, so that fewer and
lighter ones rank higher too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tts.answers.program import parsed, program_in
from tts.answers.script import STDOUT_OF
from tts.protocols import Answer, Draw, FlatCall, Meter, OperationSpec
from tts.run import Node, Run
from tts.values import ENTRY, Candidate, Score, Usage
from tts.verifiers.code import program_of
from tts.verifiers.linters import BROKEN, Finding, Linter


class Linted(Struct, frozen=True):
    """What was found in one program."""

    findings: tuple[Finding, ...]

    @property
    def share(self) -> float:
        """1 / (1 + weights of what was found), 0…1; 0 of what cannot be compiled."""
        if any(one.rule == BROKEN for one in self.findings):
            return 0.0
        return 1 / (1 + sum(one.weight for one in self.findings))


class LintVerifier:
    """Scores programs by what linters find in them: 1 where nothing, 0 where it is no program.

    Nothing is run, so this says little of whether a program is right. A linter that fails is a
    missing verdict.
    """

    name = "lint"

    def __init__(self, linters: Sequence[Linter]) -> None:
        self.operation = Linting(linters)

    @property
    def identity(self) -> Any:
        return {"lint": self.operation.spec.version, "by": self.operation.spec.revision}

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        return run.call(self.operation, candidate)


class Linting(FlatCall):
    """Has one candidate read by linters; the argument is the candidate."""

    content_type = Linted
    flat_cost = Usage(calls=1)

    def __init__(self, linters: Sequence[Linter]) -> None:
        self._linters = tuple(linters)
        self.spec = OperationSpec(
            name="check/lint",
            version="1",
            role="verify",
            effect="pure",
            revision=", ".join(one.identity for one in self._linters),
            pool="lint",
            retries=0,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return read_of(args[0])

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        source = read_of(args[0])
        if parsed(source) is None:
            return self.answered(Linted((Finding(BROKEN, 1.0),)))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.findings(source)) for one in self._linters]
        return self.answered(Linted(tuple(one for task in tasks for one in task.result())))

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Score:
        return Score(value=content.share)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return Linted(())


def read_of(candidate: Candidate) -> str:
    """What linters read of a candidate: its program, not wrapped where it reads and prints."""
    if candidate.problem.metadata.get(ENTRY) == STDOUT_OF:
        return program_in(candidate.text) or ""
    return program_of(candidate)
