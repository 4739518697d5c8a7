"""Answers written to hang, to exhaust or to take over whoever compares them."""

import asyncio
from pathlib import Path

import pytest

from tts.equivalence import Equivalence

HOSTILE = {
    "tower": "9^9^9^9",
    "factorial": "(10^10)!",
    "factorials": "((100!)!)!",
    "binomial": "\\binom{10^9}{5*10^8}",
    "integral": "\\int_0^1 x^{x^{x^x}}",
    "parentheses": "(" * 2000 + "1" + ")" * 2000,
    "fractions": "\\frac{1}{" * 300 + "2" + "}" * 300,
    "roots": "\\sqrt{" * 500 + "2" + "}" * 500,
    "digits": "7" * 10**6,
    "sum": "+".join(f"x_{n}" for n in range(3000)),
    "boxes": "\\boxed{" * 100_000,
    "boxed tower": "\\boxed{\\dfrac{5^{5^{5^{5^5}}}-5}{16}}",
}
SLOW = "(x+y+z)^{900}"


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_answer_is_undecided_and_costs_no_worker(
    equivalence: Equivalence, name: str
) -> None:
    assert await equivalence.compare(HOSTILE[name], "\\sqrt{2}+1") == "undecided"
    assert equivalence.started == 0


async def test_what_passes_the_guard_and_does_not_end_is_undecided() -> None:
    async with Equivalence() as equivalence:
        await equivalence.compare("x+1", "1+x")
        assert await equivalence.compare(SLOW, "x+1") == "undecided"


async def test_the_event_loop_goes_on_while_an_answer_that_never_ends_is_compared(
    equivalence: Equivalence,
) -> None:
    comparison = asyncio.create_task(equivalence.compare(SLOW, "x+1"))
    turns = 0
    while not comparison.done():
        await asyncio.sleep(0.002)
        turns += 1
    assert turns > 50


@pytest.mark.parametrize(
    "template",
    [
        "__import__('pathlib').Path('{path}').touch()",
        "$__import__('pathlib').Path('{path}').touch()$",
        "\\text{{__import__('pathlib').Path('{path}').touch()}}",
        "(1).__class__.__base__.__subclasses__()",
        "open('{path}','w')",
    ],
)
async def test_code_in_an_answer_is_never_run(
    equivalence: Equivalence, tmp_path: Path, template: str
) -> None:
    canary = tmp_path / "canary"
    await equivalence.compare(template.format(path=canary), "x+1")
    assert not canary.exists()
