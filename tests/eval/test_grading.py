from __future__ import annotations

import asyncio
from typing import cast

import pytest

from tts.eval.grading import grading
from tts.values import Check, Outcome
from tts.verifiers.code import ProgramGrader, Reference
from tts.verifiers.sandbox import Exam, Examination, Limits, Sandbox, probe

REFERENCE = Reference(
    prompt="def f(n):\n    pass\n", tests=Exam(entry="f", checks=("assert f(2) == 4",))
).text


def test_recorded_programs_are_graded_by_their_hidden_tests() -> None:
    if not probe("landlock").holds:
        pytest.skip("no isolation here")

    async def graded() -> list[str]:
        async with grading() as equivalence:
            programs = equivalence.of("program")
            found = [
                await programs.compare(t, REFERENCE) for t in ("    return 2 * n", "    return n")
            ]
            return [*found, await equivalence.compare("1/2", "0.5")]

    assert asyncio.run(graded()) == ["same", "different", "same"]


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (("passed", "passed"), "same"),
        (("passed", "wrong"), "undecided"),
        (("passed", "lost"), "undecided"),
        (("wrong", "passed"), "different"),
    ],
)
def test_a_program_is_right_where_it_passes_twice(
    outcomes: tuple[Outcome, ...], verdict: str
) -> None:
    class Box:
        """Gives the next outcome at each examination."""

        def __init__(self) -> None:
            self.left = iter(outcomes)

        async def examine(self, program: str, tests: Exam, limits: Limits) -> Examination:
            return Examination(checks=(Check(next(self.left)),))

    box = cast(Sandbox, Box())
    grader = ProgramGrader(lambda: box)
    assert asyncio.run(grader("    return 2 * n", REFERENCE)) == verdict
