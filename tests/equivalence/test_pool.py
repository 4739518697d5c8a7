from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tts.equivalence import is_admissible
from tts.equivalence.pool import WorkerProcess, window


@pytest.mark.parametrize(
    "text",
    [
        "9^9^9^9",
        "9**9**9**9",
        "(10^10)!",
        "((100!)!)!",
        "10001!",
        "\\binom{10^9}{5*10^8}",
        "\\int_0^1 x^{x^{x^x}}",
        "\\dfrac{5^{5^{5^{5^5}}}-5}{16}",
        "2^{99999}",
        "(" * 2000 + "1" + ")" * 2000,
        "\\frac{1}{" * 300 + "2" + "}" * 300,
        "\\sqrt" * 500 + "2",
        "7" * 257,
        "+".join(["1"] * 1500),
    ],
)
def test_what_algebra_would_choke_on_is_not_let_through(text: str) -> None:
    assert not is_admissible(text)


@pytest.mark.parametrize(
    "text",
    [
        "x^2y^3z^4",
        "e^{x^2}",
        "10^{\\frac{-5+\\sqrt{13}}{6}}",
        "5! \\times 5!",
        "x != 3",
        "\\binom{10}{3}",
        "\\begin{pmatrix} 1 & 0 \\\\ 0 & 1 \\end{pmatrix}",
        "(x-1)^2+(y+2)^2=4^2",
    ],
)
def test_ordinary_answers_are_let_through(text: str) -> None:
    assert is_admissible(text)


def test_a_short_text_is_kept_as_it_is() -> None:
    assert window("\\boxed{5}") == "\\boxed{5}"


def test_a_long_text_is_cut_to_its_last_stated_answer() -> None:
    text = "thought " * 2000 + "so \\boxed{7}. " + "Thanks. " * 500
    assert "\\boxed{7}" in window(text)
    assert len(window(text)) < 1000


def test_a_long_text_without_an_answer_is_not_cut() -> None:
    text = "1+" * 5000
    assert window(text) == text


def test_a_box_that_was_never_closed_states_no_answer() -> None:
    text = "\\boxed{" * 100_000
    assert window(text) == text


async def test_a_comparison_that_a_busy_machine_holds_up_is_still_decided() -> None:
    worker = await WorkerProcess.start()
    try:
        os.kill(worker.pid, signal.SIGSTOP)
        asked = worker.compare("(x+1)^2", "x^2+2x+1", rounding=6, kind="any", seconds=1.5)
        comparing = asyncio.create_task(asked)
        await asyncio.sleep(2.0)
        os.kill(worker.pid, signal.SIGCONT)
        assert await comparing == "same"
    finally:
        await worker.stop()


async def test_a_comparison_that_takes_too_much_of_the_processor_is_undecided() -> None:
    worker = await WorkerProcess.start()
    asked = worker.compare("(x+y+z)^{900}", "5", rounding=6, kind="any", seconds=0.3)
    assert (await asked, worker.alive) == ("undecided", False)
