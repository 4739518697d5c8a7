"""Programs as answers: what they are examined by, the verifier that runs examples, the grader."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tts.answers.program import assembled
from tts.equivalence import Verdict
from tts.errors import BadInput, Crashed, UsageError
from tts.protocols import Answer, Draw, FlatCall, Meter, OperationSpec
from tts.run import Node, Run
from tts.values import CODE, ENTRY, Candidate, Check, Exam, Problem, Score, Usage, shown_exam
from tts.verifiers.sandbox import DEFAULT_LIMITS, VERSION, Examination, Limits, Sandbox
from tts.verifiers.sandbox.verdicts import UNJUDGED

MANY = Limits(cpu_seconds=3, call_seconds=0.5, timeouts=3)
"""Of one program under many checks of a model's own; three that take too long end it."""


FIRST_LIMITS = (*("cpu_seconds", "wall_seconds", "memory", "file_size", "output", "processes"),)
"""What keys and manifests of jobs have said from the first."""


SETS_OF_CODE = "take --problems humaneval:FILE, mbpp:FILE, p3:FILE or livecodebench:FILE"


def told(limits: Limits, always: Sequence[str] = ()) -> dict[str, Any]:
    """The limits that are not as usual, and some always: a limit that is new changes no key, and
    refuses no job that began without it."""
    plain: dict[str, Any] = msgspec.to_builtins(DEFAULT_LIMITS)
    own: dict[str, Any] = msgspec.to_builtins(limits)
    return {name: own[name] for name in own if name in always or own[name] != plain[name]}


class Reference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a program is graded by: the reference answer of a problem, as text."""

    prompt: str
    tests: Exam
    call_seconds: float = 0.0
    """Of processor time for one check; 0: all checks together have what is usual."""
    cpu_seconds: int = 0
    """Of processor time for all checks together, where a right program needs more than is usual."""

    @property
    def limits(self) -> Limits:
        """What one grading may use; where a check has a limit, the first above it ends the rest."""
        if self.cpu_seconds:
            return Limits(cpu_seconds=self.cpu_seconds, wall_seconds=4.0 * self.cpu_seconds)
        if not self.call_seconds:
            return DEFAULT_LIMITS
        most = math.ceil(self.call_seconds * max(1, len(self.tests.checks)))
        return Limits(
            cpu_seconds=most, wall_seconds=4.0 * most, call_seconds=self.call_seconds, timeouts=1
        )

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


class SharedSandbox:
    """The sandbox of a session, opened when the first program is to run."""

    def __init__(self, open_sandbox: Callable[[], Sandbox]) -> None:
        self._open = open_sandbox
        self._sandbox: Sandbox | None = None

    def __call__(self) -> Sandbox:
        """Raises `IsolationTooLow` where the machine does not isolate it."""
        if self._sandbox is None:
            self._sandbox = self._open()
        return self._sandbox

    async def close(self) -> None:
        if self._sandbox is not None:
            await self._sandbox.close()


class KnownVerdicts(Protocol):
    """Verdicts of programs that were found before, by what they rest on."""

    def turn(self, key: str) -> asyncio.Lock:
        """Held while a verdict is found out: nobody else finds the same one out meanwhile."""
        ...

    def get(self, key: str) -> Verdict | None: ...

    def keep(self, key: str, value: Verdict) -> None: ...


class ProgramGrader:
    """Says whether a program passes the hidden tests, twice: one that passes them once and not again
    is `undecided`, and so is what the sandbox gave no verdict on.

    A verdict that is known is not found again: program, tests, limits, the sandbox and its level
    are its key. One that is undecided is never kept.
    """

    def __init__(self, box: Callable[[], Sandbox], known: KnownVerdicts | None = None) -> None:
        self._box, self._known = box, known

    @property
    def workers(self) -> int:
        """Programs that run at once."""
        return self._box().workers

    async def __call__(self, answer: str, reference: str) -> Verdict:
        asked = Reference.of(reference)
        return await self.of_source(
            assembled(asked.prompt, asked.tests.entry, answer).source, asked
        )

    async def of_source(self, source: str, asked: Reference) -> Verdict:
        """The verdict on a program as it stands."""
        if self._known is None:
            return await self._twice(source, asked)
        key = self._key(source, asked)
        async with self._known.turn(key):
            verdict = self._known.get(key)
            if verdict is None:
                verdict = await self._twice(source, asked)
                if verdict != "undecided":
                    self._known.keep(key, verdict)
        return verdict

    def _key(self, source: str, asked: Reference) -> str:
        rests_on = (VERSION, self._box().isolation, source, asked.tests, told(asked.limits))
        return blake2b(msgspec.json.encode(rests_on), digest_size=16).hexdigest()

    async def _twice(self, source: str, asked: Reference) -> Verdict:
        first = await self._once(source, asked)
        if first != "same":
            return first
        return "same" if await self._once(source, asked) == "same" else "undecided"

    async def _once(self, source: str, asked: Reference) -> Verdict:
        found = await self._box().examine(source, asked.tests, asked.limits)
        if any(check.outcome == "lost" for check in found.checks):
            return "undecided"
        return "same" if found.passed else "different"


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
        self.limits_told = told(limits, FIRST_LIMITS)
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
        return (program_of(args[0]), msgspec.to_builtins(tests), self.limits_told)

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        candidate: Candidate = args[0]
        tests = examples_of(candidate.problem)
        found = await self.sandbox.examine(program_of(candidate), tests, self.limits)
        if any(check.outcome == "lost" for check in found.checks):
            raise Crashed(f"The sandbox gave no verdict: {found.checks[-1].reason}.")
        return self.answered(found)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Score:
        return Score(value=content.share)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return Examination(checks=())


def program_of(candidate: Candidate) -> str:
    """The program that a candidate makes of its problem; raises `UsageError` where none is asked for."""
    told = candidate.problem.metadata
    if ENTRY not in told:
        raise UsageError(
            f"Problem {candidate.problem.id!r} asks for no program: {SETS_OF_CODE}, or another verifier."
        )
    return assembled(told[CODE], told[ENTRY], candidate.text).source


def examples_of(problem: Problem) -> Exam:
    """The examples that a problem shows; raises `UsageError` where it is none of code or has none."""
    exam = shown_exam(problem)
    if exam is None:
        raise UsageError(
            f"Problem {problem.id!r} asks for no program, so there are no examples to run: "
            f"{SETS_OF_CODE}, or another verifier."
        )
    return exam


class Executing(FlatCall):
    """Runs one candidate under given checks; arguments are the candidate and an `Exam`, the value
    is a `Check` for each.

    The seconds of every execution stand in the ledger, as the latency of its attempt.
    """

    content_type = Examination
    flat_cost = Usage(calls=1)

    def __init__(self, box: Callable[[], Sandbox], *, limits: Limits = MANY) -> None:
        self._box, self.limits = box, limits
        self._limits_told = told(limits)

    @property
    def spec(self) -> OperationSpec:
        return self._spec

    @cached_property
    def _spec(self) -> OperationSpec:
        """Opens the sandbox: its level is part of what is known of a verdict."""
        return OperationSpec(
            name="execute/checks",
            version=VERSION,
            role="verify",
            effect="idempotent",
            revision=self._box().isolation,
            pool="sandbox",
            timeout=20 * self.limits.wall_seconds,
            retries=0,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        candidate, exam = args
        return (program_of(candidate), msgspec.to_builtins(exam), self._limits_told)

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        candidate, exam = args
        checks = await judged_apart(self._box(), program_of(candidate), exam, self.limits)
        return self.answered(Examination(checks=tuple(checks), isolation=self._box().isolation))

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> tuple[Check, ...]:
        found: tuple[Check, ...] = content.checks
        return found

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return Examination(checks=(Check("wrong"),) * len(args[1].checks))


async def judged_apart(box: Sandbox, source: str, tests: Exam, limits: Limits) -> list[Check]:
    """A verdict per check, where a check may end its own judge by what it computes.

    The checks are then halved until it stands alone, as `lost`, which says nothing of the program.
    Raises `Crashed` where the sandbox itself failed.
    """
    found = await box.examine(source, tests, limits)
    lost = [one for one in found.checks if one.outcome == "lost"]
    if not lost:
        return list(found.checks)
    if any(one.reason != UNJUDGED for one in lost):
        raise Crashed(f"The sandbox gave no verdict: {lost[-1].reason}.")
    if len(found.checks) == 1:
        return lost
    middle = len(tests.checks) // 2
    halves = (tests.checks[:middle], tests.checks[middle:])
    parts = [await judged_apart(box, source, replace(tests, checks=h), limits) for h in halves]
    return [*parts[0], *parts[1]]
