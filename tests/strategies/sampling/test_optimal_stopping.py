"""Optimal stopping: draw while a draw is worth its cost."""

from __future__ import annotations

from typing import Any

from tts.strategies.sampling.best_of_n import OptimalStopping


def graded(_: Any, steps: Any, place: int) -> float:
    return float(steps[place].split()[0])


def answer(score: float) -> str:
    return f"{score} \\boxed{{{score}}}"


def test_a_good_draw_is_enough_and_poor_ones_are_soon_given_up(lab: Any) -> None:
    good = lab.words(lambda _, __, i: answer(0.9))
    result = lab.run(lab.solve(OptimalStopping(n=32), good, scores=graded))
    assert result.spend["sample"].calls == 1
    poor = lab.words(lambda _, __, i: answer(0.5 + i % 2 / 100))
    result = lab.run(lab.solve(OptimalStopping(n=32), poor, scores=graded))
    assert result.spend["sample"].calls == 12, "(1 - .51)² / 2 / 13 is below .01 first"
    assert result.spend["verify"].calls == 2, "equal texts are scored once"


def test_draws_that_differ_much_are_worth_more_of_them(lab: Any) -> None:
    model = lab.words(lambda _, __, i: answer((i * 7 % 10) / 10))
    dear = lab.run(lab.solve(OptimalStopping(n=32, cost=0.1), model, scores=graded))
    cheap = lab.run(lab.solve(OptimalStopping(n=32, cost=0.0001), model, scores=graded))
    assert dear.usage.calls < cheap.usage.calls and cheap.answer == "0.9"


def test_n_is_never_exceeded(lab: Any) -> None:
    model = lab.words(lambda _, __, i: answer((i * 7 % 10) / 10))
    strategy = OptimalStopping(n=10, cost=1e-9, batch=4)
    assert lab.run(lab.solve(strategy, model, scores=graded)).spend["sample"].calls == 10
