"""Programs as answers: what they are examined by, the verifier that runs examples, the grader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tts.answers.program import assembled
from tts.equivalence import Verdict
from tts.errors import BadInput, Crashed, UsageError
from tts.protocols import Answer, Draw, FlatCall, Meter, OperationSpec
from tts.run import Node, Run
from tts.values import Candidate, Problem, Score, Usage
from tts.verifiers.sandbox import DEFAULT_LIMITS, VERSION, Exam, Examination, Limits, Sandbox

ENTRY, CODE, EXAMPLES = "entry_point", "code", "examples"
"""Of a problem's metadata: the function asked for, its head as code, the checks that are shown."""


class Reference(Struct, frozen=True, kw_only=True):
    """What a program is graded by: the reference answer of a problem, as text."""

    prompt: str
    tests: Exam

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, text: str) -> Reference:
        """Raises `BadInput` for what is no reference of a program."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise BadInput(f"The reference answer holds no tests of a program: {error}.") from error


class ProgramGrader:
    """Says whether a program passes the hidden tests; opens its sandbox at the first one."""

    def __init__(self, open_sandbox: Callable[[], Sandbox]) -> None:
        self._open = open_sandbox
        self._sandbox: Sandbox | None = None

    async def __call__(self, answer: str, reference: str) -> Verdict:
        known = Reference.of(reference)
        program = assembled(known.prompt, known.tests.entry, answer)
        if self._sandbox is None:
            self._sandbox = self._open()
        found = await self._sandbox.examine(program.source, known.tests)
        if any(check.outcome == "lost" for check in found.checks):
            return "undecided"
        return "same" if found.passed else "different"

    async def close(self) -> None:
        if self._sandbox is not None:
            await self._sandbox.close()


class ExamplesVerifier:
    """The share of a problem's shown examples that a candidate passes, each run in a sandbox.

    A problem without examples has no verdict: the score is missing, never zero.
    """

    name = "examples"

    def __init__(self, sandbox: Sandbox, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.sandbox = sandbox
        self.operation = Examining(sandbox, limits=limits)

    @property
    def identity(self) -> Any:
        return {"examples": self.operation.spec.version, "limits": self.operation.limits_told}

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        return run.call(self.operation, candidate)

    async def close(self) -> None:
        await self.sandbox.close()


class Examining(FlatCall):
    """Runs the shown examples of a problem against one candidate; the argument is the candidate."""

    content_type = Examination
    flat_cost = Usage(calls=1)

    def __init__(self, sandbox: Sandbox, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.sandbox, self.limits = sandbox, limits
        self.limits_told: dict[str, Any] = msgspec.to_builtins(limits)
        self.spec = OperationSpec(
            name="execute/examples",
            version=VERSION,
            role="verify",
            effect="idempotent",
            revision=sandbox.isolation,
            pool="sandbox",
            timeout=10 * limits.wall_seconds,
            retries=0,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        tests = examples_of(args[0].problem)
        return (self._source(args[0]), msgspec.to_builtins(tests), self.limits_told)

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        candidate: Candidate = args[0]
        tests = examples_of(candidate.problem)
        found = await self.sandbox.examine(self._source(candidate), tests, self.limits)
        if any(check.outcome == "lost" for check in found.checks):
            raise Crashed(f"The sandbox gave no verdict: {found.checks[-1].reason}.")
        return self.answered(found)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Score:
        return Score(value=content.share)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return Examination(checks=())

    def _source(self, candidate: Candidate) -> str:
        metadata = candidate.problem.metadata
        return assembled(metadata[CODE], metadata[ENTRY], candidate.text).source


def examples_of(problem: Problem) -> Exam:
    """The examples that a problem shows; raises `UsageError` where it is none of code or has none."""
    told = problem.metadata
    if ENTRY not in told or CODE not in told:
        raise UsageError(
            f"Problem {problem.id!r} asks for no program, so there are no examples to run: take "
            "--problems humaneval:FILE or mbpp:FILE, or another verifier."
        )
    return Exam(entry=told[ENTRY], prelude=told[CODE], checks=tuple(told.get(EXAMPLES, ())))
