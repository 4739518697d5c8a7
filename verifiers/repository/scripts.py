"""Scripts in repositories as calls on the graph, and answers that are changes of repositories."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from tts.equivalence import Verdict
from tts.errors import Crashed, UsageError
from tts.protocols import Answer, Draw, FlatCall, Meter, OperationSpec
from tts.repository import (
    FILES,
    ROOTS,
    EditRefused,
    PatchRefused,
    ScriptRun,
    Tree,
    difference,
    proposed,
)
from tts.values import Problem, Usage
from tts.verifiers.repository.grading import RepositoryGrader
from tts.verifiers.repository.reference import RepositoryReference
from tts.verifiers.repository.running import pytest_folders
from tts.verifiers.sandbox import VERSION, Errand, Execution, Limits, Sandbox

SCRIPT_LIMITS = Limits(cpu_seconds=30, wall_seconds=100.0, memory=1 << 30, threads=True)
"""Of one script; the paper has 100 seconds."""
Grades = Callable[[str, str], Awaitable[Verdict]]
"""(answer, reference) to a verdict."""
LONGEST_OUTPUT = 20_000
"""Characters of an output that are kept."""


class RepositoryBox:
    """The sandbox of a session for repositories, opened when the first script or test is to run."""

    def __init__(self, open_sandbox: Callable[[tuple[str, ...]], Sandbox]) -> None:
        """`open_sandbox`: with folders that programs in it may read."""
        self._open = open_sandbox
        self._sandbox: Sandbox | None = None
        self.scripts = Scripting(self)

    @cached_property
    def packages(self) -> tuple[str, ...]:
        return pytest_folders()

    def sandbox(self) -> Sandbox:
        """Raises `IsolationTooLow` where the machine does not isolate it."""
        if self._sandbox is None:
            self._sandbox = self._open(self.packages)
        return self._sandbox

    def grader(self) -> RepositoryGrader:
        return RepositoryGrader(self.sandbox(), packages=self.packages)

    def beside(self, programs: Grades) -> Grades:
        """Grades answers by what their reference is of: a repository here, else by `programs`."""

        async def grade(answer: str, reference: str) -> Verdict:
            if reference.startswith(BEGINNING):
                return await graded(self.grader(), answer, reference)
            return await programs(answer, reference)

        return grade

    async def close(self) -> None:
        if self._sandbox is not None:
            await self._sandbox.close()


BEGINNING = '{"files":'
"""How the reference of a repository begins."""


class Scripting(FlatCall):
    """Runs a script in a problem's repository; arguments: (problem, changed files, script)."""

    content_type = ScriptRun
    flat_cost = Usage(calls=1)

    def __init__(self, box: RepositoryBox) -> None:
        self._box = box
        self._told: dict[str, Any] = msgspec.to_builtins(SCRIPT_LIMITS)

    @property
    def spec(self) -> OperationSpec:
        return self._spec

    @cached_property
    def _spec(self) -> OperationSpec:
        """Opens the sandbox: its level is part of what is known of a run."""
        return OperationSpec(
            name="execute/script",
            version=VERSION,
            role="verify",
            effect="idempotent",
            revision=self._box.sandbox().isolation,
            pool="sandbox",
            timeout=10 * SCRIPT_LIMITS.wall_seconds,
            retries=0,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        problem, changes, script = args
        files = tree_of(problem).digest
        return (problem.id, files, sorted(changes.items()), script, self._told)

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        problem, changes, script = args
        errand = Errand(
            files=tree_of(problem).changed(changes).files,
            roots=tuple(problem.metadata.get(ROOTS) or (".",)),
            packages=self._box.packages,
            script=script,
        )
        ran = await self._box.sandbox().do(errand, SCRIPT_LIMITS)
        if ran.ended == "lost":
            raise Crashed(f"The sandbox ran nothing: {ran.stderr[:200]}")
        return self.answered(script_run(ran))

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return ScriptRun(code=1)


def script_run(ran: Execution) -> ScriptRun:
    """An execution as a model is told of it; an end that the script itself did not come to, as where
    the code under test ended the process, has no exit code."""
    output = f"{ran.stdout}{ran.stderr}"
    if len(output) > LONGEST_OUTPUT:
        half = LONGEST_OUTPUT // 2
        output = f"{output[:half]}\n…\n{output[-half:]}"
    if ran.ended != "exited":
        return ScriptRun(code=ran.code, output=output, ended="limit")
    told = '{"code":' + str(ran.code) + "}"
    return ScriptRun(code=ran.code if ran.reported == told else None, output=output)


def tree_of(problem: Problem) -> Tree:
    """The repository of a problem; raises `UsageError` where it brings none."""
    files: Mapping[str, str] | None = problem.metadata.get(FILES)
    if files is None:
        raise UsageError(f"Problem {problem.id!r} brings no repository to run scripts in.")
    return Tree(dict(files))


async def graded(grader: RepositoryGrader, answer: str, reference: str) -> Verdict:
    """Whether an answer, edits or a diff, resolves the issue of a reference."""
    known = RepositoryReference.of(reference)
    try:
        patch = difference(known.base, proposed(known.base, answer))
    except (EditRefused, PatchRefused):
        return "different"
    found = await grader.grade(known, patch)
    if found.standing in ("infrastructure", "ambiguous"):
        return "undecided"
    return "same" if found.resolved else "different"
