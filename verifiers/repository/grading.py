"""Whether a patch resolves an issue, by the rules of SWE-bench (Jimenez et al. 2024).

Resolved: every fail-to-pass test passes and every pass-to-pass test is kept. A result that says so is
tried twice more: in a control where every test has to fail, so that results which the patch forged
show, and once again as it is, so that a flaky one shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tts.repository import PatchRefused
from tts.verifiers.repository.reference import (
    RepositoryReference,
    judged_tree,
    with_failing_tests,
)
from tts.verifiers.repository.running import SUITE_LIMITS, Suite, run_suite
from tts.verifiers.sandbox import Isolation, Limits, Sandbox

GRADING = "1"
"""Enters keys: another version may judge otherwise."""
PASSING = ("passed", "xfailed", "xpassed")

Standing = Literal["resolved", "unresolved", "empty", "error", "infrastructure", "ambiguous"]
"""`empty`: there is no patch; `error`: it does not apply; `infrastructure`: the machine failed and
nothing is known of the patch; `ambiguous`: a limit of time, or results that differ between runs."""


class TestCase(Struct, frozen=True):
    """One test that a verdict rests on."""

    __test__ = False
    """No test of pytest's, whatever its name."""

    id: str
    must: Literal["fail_to_pass", "pass_to_pass"]
    passed: bool
    word: str
    """What pytest said of it; `missing`: nothing."""


class Graded(Struct, frozen=True, kw_only=True):
    """The verdict on one patch."""

    standing: Standing
    reason: str = ""
    """Why it is not resolved, in one line."""
    tests: tuple[TestCase, ...] = ()
    restored: tuple[str, ...] = ()
    """Tests and settings of tests that the patch had changed and that were put back."""
    forged: bool = False
    """Tests passed that could not."""
    isolation: Isolation = "none"
    seconds: float = 0.0
    log: str = ""

    @property
    def resolved(self) -> bool:
        return self.standing == "resolved"


class RepositoryGrader:
    """Grades patches in one sandbox, which may read the folders of `packages`."""

    def __init__(
        self, sandbox: Sandbox, *, packages: tuple[str, ...], limits: Limits = SUITE_LIMITS
    ) -> None:
        self.sandbox, self._packages, self._limits = sandbox, packages, limits

    async def grade(self, reference: RepositoryReference, patch: str | None) -> Graded:
        """The verdict; whatever a patch does is part of it, nothing is raised."""
        if patch is None or not patch.strip():
            return self._graded("empty", "no patch")
        try:
            tree, restored = judged_tree(reference, patch)
        except PatchRefused as error:
            return self._graded("error", f"the patch does not apply: {error}")
        suite = await self._run(reference, tree.files)
        found = replace(self._verdict(reference, suite), restored=restored)
        return await self._confirmed(reference, tree.files, found) if found.resolved else found

    async def suite(
        self, files: Mapping[str, str], tests: tuple[str, ...], roots: tuple[str, ...]
    ) -> Suite:
        """Test files of a tree, run once."""
        return await run_suite(
            self.sandbox, files, tests, roots=roots, packages=self._packages, limits=self._limits
        )

    async def close(self) -> None:
        await self.sandbox.close()

    async def _run(self, reference: RepositoryReference, files: Mapping[str, str]) -> Suite:
        return await self.suite(files, reference.test_files, reference.roots)

    async def _confirmed(
        self, reference: RepositoryReference, files: Mapping[str, str], found: Graded
    ) -> Graded:
        control = await self._run(reference, with_failing_tests(files, reference.test_files))
        if control.came == "lost":
            return replace(found, standing="infrastructure", reason=control.reason)
        passing = [id for id, word in control.tests.items() if word == "passed"]
        if passing:
            told = f"{len(passing)} tests passed in a control where each has to fail"
            return replace(found, standing="unresolved", forged=True, reason=told)
        again = self._verdict(reference, await self._run(reference, files))
        if not again.resolved:
            told = f"resolved once and not again: {again.reason}"
            return replace(found, standing="ambiguous", reason=told)
        return found

    def _verdict(self, reference: RepositoryReference, suite: Suite) -> Graded:
        match suite.came:
            case "lost" | "too large":
                return self._graded("infrastructure", suite.reason, suite)
            case "timeout":
                return self._graded("ambiguous", suite.reason, suite)
            case "ended" | "rejected":
                return self._graded("unresolved", suite.reason, suite)
        tests = tuple(judged_cases(reference, suite.tests))
        wrong = [one for one in tests if not one.passed]
        if not wrong:
            return replace(self._graded("resolved", "", suite), tests=tests)
        reason = f"{len(wrong)} of {len(tests)} tests are not as they should be: {_named(wrong)}"
        broken = "; ".join(f"{path}: {why}" for path, why in sorted(suite.broken.items()))
        reason += f" ({broken})" if broken else ""
        return replace(self._graded("unresolved", reason, suite), tests=tests)

    def _graded(self, standing: Standing, reason: str, suite: Suite | None = None) -> Graded:
        return Graded(
            standing=standing,
            reason=reason,
            isolation=self.sandbox.isolation,
            seconds=suite.seconds if suite else 0.0,
            log=suite.log if suite else "",
        )


def _named(wrong: list[TestCase]) -> str:
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return ", ".join(f"{one.id} {one.word}" for one in wrong[:3]) + more


def judged_cases(reference: RepositoryReference, words: Mapping[str, str]) -> Iterable[TestCase]:
    """The tests of a verdict, each by its word; `fail_only` holds against a test only its failure."""
    for must, ids, passing in (
        ("fail_to_pass", reference.fail_to_pass, PASSING),
        ("pass_to_pass", reference.pass_to_pass, (*PASSING, "skipped")),
    ):
        for id in ids:
            word = _word(id, words)
            passed = word != "failed" if reference.fail_only else word in passing
            yield TestCase(id, must, passed, word)  # type: ignore[arg-type]


def _word(id: str, words: Mapping[str, str]) -> str:
    """What was said of a test; an id that was cut inside of its parameters stands for all that begin
    so, where they agree."""
    if id in words:
        return words[id]
    if "[" in id and not id.endswith("]"):
        said = {word for one, word in words.items() if one.startswith(id)}
        if len(said) == 1:
            return said.pop()
    return "missing"
