from __future__ import annotations

import asyncio

import pytest

from tts.eval.grading import grading
from tts.verifiers.code import Reference
from tts.verifiers.sandbox import Exam, probe

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
