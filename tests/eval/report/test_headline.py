"""The report in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts.eval.report import assemble
from tts.eval.report.headline import headline


def runs(attempt: Callable[..., Any], strategy: str, right: range, **given: Any) -> list[Any]:
    return [attempt(strategy, problem=n, correct=n in right, **given) for n in range(40)]


def said(problems: list[Any], *groups: list[Any], baseline: str | None = "vote") -> str:
    attempts = [one for group in groups for one in group]
    return headline(assemble(attempts, problems, title="t", seed=0, baseline=baseline).rows)


def many() -> list[Any]:
    from tts.values import Problem

    return [Problem(id=f"p{n}", prompt="q", answer=str(n)) for n in range(40)]


def test_the_winner_is_named_with_gain_price_and_whether_it_is_decided(attempt: Any) -> None:
    sentence = said(
        many(),
        runs(attempt, "vote", range(10), tokens=1000, nanodollars=1000),
        runs(attempt, "beam", range(30), tokens=2000, nanodollars=3000),
    )
    assert sentence.startswith("beam · 1000 tokens is right on 75.0 % of 40 problems: +50.0 points")
    assert "over vote · 1000 tokens, for 3 times its price; decided (p < 0.001)." in sentence


def test_a_difference_that_is_not_decided_is_said_to_be_none(attempt: Any) -> None:
    sentence = said(
        many(),
        runs(attempt, "vote", range(10), nanodollars=None),
        runs(attempt, "beam", range(11), tokens=500, nanodollars=None),
    )
    assert "for 0.5 times its tokens; not decided" in sentence


def test_a_baseline_that_is_best_says_how_many_it_beats(attempt: Any) -> None:
    sentence = said(many(), runs(attempt, "vote", range(30)), runs(attempt, "beam", range(5)))
    assert "it is decidedly better than 1 of the 1 rows set against it" in sentence


def test_rows_that_are_right_equally_often_have_no_winner(attempt: Any) -> None:
    sentence = said(
        many(),
        runs(attempt, "vote", range(0), tokens=1000),
        runs(attempt, "beam", range(0), tokens=500),
    )
    assert sentence == (
        "beam · 1000 tokens is right on 0.0 % of 40 problems, and so is every other row; "
        "it takes the fewest tokens."
    )


def test_a_single_row_is_told_with_its_cost(attempt: Any) -> None:
    sentence = said(many(), runs(attempt, "vote", range(20)), baseline=None)
    assert sentence == "vote · 1000 tokens is right on 50.0 % of 40 problems, for 1k tokens a run."


def test_nothing_graded_is_no_sentence(attempt: Any) -> None:
    ungraded = [attempt("vote", problem=n, correct=None) for n in range(4)]
    assert said(many(), ungraded, baseline=None) == ""
