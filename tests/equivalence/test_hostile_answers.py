"""Answers written to hang, to exhaust or to take over whoever compares them."""

import asyncio
from pathlib import Path
from time import perf_counter

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


async def longest_lag(lags: list[float]) -> None:
    while True:
        began = perf_counter()
        await asyncio.sleep(0.002)
        lags.append(perf_counter() - began - 0.002)


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_answer_is_undecided_at_once_and_costs_no_worker(
    equivalence: Equivalence, name: str
) -> None:
    began = perf_counter()
    verdict = await equivalence.compare(HOSTILE[name], "\\sqrt{2}+1")
    assert verdict == "undecided"
    assert perf_counter() - began < 0.5
    assert equivalence.started == 0


async def test_what_passes_the_guard_and_does_not_end_is_undecided_in_time() -> None:
    async with Equivalence() as equivalence:
        await equivalence.compare("x+1", "1+x")
        began = perf_counter()
        assert await equivalence.compare(SLOW, "x+1") == "undecided"
        assert perf_counter() - began < 4


async def test_the_event_loop_goes_on_while_hostile_answers_are_compared(
    equivalence: Equivalence,
) -> None:
    lags: list[float] = []
    watcher = asyncio.create_task(longest_lag(lags))
    await asyncio.gather(*(equivalence.compare(text, "x+1") for text in (*HOSTILE.values(), SLOW)))
    watcher.cancel()
    assert sorted(lags)[int(0.99 * len(lags))] < 0.05


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
