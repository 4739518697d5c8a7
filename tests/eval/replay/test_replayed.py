"""Rules on recorded draws: what the strategies themselves give on them, to the digit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from tests.eval.replay.conftest import Write, draws, pool, pools_of, random_rows
from tts.engine import SessionOptions, parse_budget, parse_strategy
from tts.errors import UsageError
from tts.eval.replay.plan import Plan
from tts.eval.replay.replayed import replayed
from tts.eval.replay.rules import plan_of
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.strategies.parts.stopping import Beta, ScoreThreshold, leads
from tts.values import Budget

STRATEGIES = (
    "single",
    "majority_vote(n=8)",
    "majority_vote(n=5)",
    "majority_vote(n=8, stop=consensus, batch=3)",
    "best_of_n(n=8)",
    "best_of_n(n=3)",
    "weighted_best_of_n(n=8)",
    "weighted_best_of_n(n=6, stop=beta)",
    "adaptive_consistency(n=8, confidence=0.8, batch=1)",
    "adaptive_consistency(n=8, rule=dirichlet, batch=2)",
    "early_stopping_consistency(n=8, window=2)",
    "optimal_stopping(n=8, select=weighted)",
)


def worded(row: dict[str, Any]) -> dict[str, Any]:
    """Only a text, from which the answer has to be read and graded."""
    told = f"So \\boxed{{{row['answer']}}}" if row["answer"] else "I do not know."
    return {**row, "completion": told, "answer": None, "correct": None}


def spelled(row: dict[str, Any]) -> dict[str, Any]:
    """Equal answers that are written differently."""
    ways = ["1/2", "0.5", "\\frac{1}{2}"] if row["answer"] in ("a", "b") else [row["answer"]]
    return {**row, "answer": ways[row["sample_index"] % len(ways)]}


def partly_scored(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "score": None if row["sample_index"] % 3 else 8.0 * row["score"] - 4}


RECORDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "as recorded": lambda row: row,
    "texts alone": worded,
    "answers without verdicts": lambda row: {**row, "correct": None},
    "spelled differently": spelled,
    "partly scored, by raw outputs": partly_scored,
    "without token counts": lambda row: {**row, "completion_tokens": None, "prompt_tokens": None},
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
async def test_a_replayed_rule_is_the_strategy_that_was_run_to_the_digit(
    tmp_path: Path, write: Write, record: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    path, repeats = write([record(row) for row in random_rows(4)]), 3
    spec = ComparisonSpec(
        title="recorded",
        problems=f"replay:{path}",
        strategies=tuple(map(parse_strategy, STRATEGIES)),
        budgets=(Budget(),),
        options=SessionOptions(model=f"replay:{path}", verifier="recorded"),
        repeats=repeats,
    )
    report = await run_comparison(spec, ledger=tmp_path / "tts.db")
    ran = [(row.accuracy and row.accuracy.value, row.tokens_per_run) for row in report.rows]
    [found] = await asyncio.to_thread(pools_of, path)
    told = [replayed(found, plan_of(text), orders=repeats) for text in STRATEGIES]
    assert [(one.accuracy.value, one.tokens) for one in told] == [
        (pytest.approx(accuracy, abs=1e-12), pytest.approx(tokens, abs=1e-9))
        for accuracy, tokens in ran
    ]


def test_the_beta_rule_stops_where_its_table_says() -> None:
    least = []
    for runner_up in range(9):
        votes = runner_up
        while leads(votes, runner_up) < 0.95:
            votes += 1
        least.append(votes)
    assert least == [4, 6, 8, 9, 11, 12, 14, 15, 17]


def test_draws_after_the_stop_cost_nothing_and_all_draws_are_the_measure() -> None:
    drawn = draws([0, 0, 0, 0, 1, 1], [True] * 4 + [False] * 2)
    plan = Plan(label="beta", n=6, batch=1, rule=Beta(0.8), choice="majority")
    found = replayed(pool(drawn), plan, orders=1)
    assert (found.draws, found.tokens, found.share) == (2.0, 30.0, pytest.approx(2 / 6))


def test_a_draw_that_would_pass_a_ceiling_is_not_taken() -> None:
    drawn = draws([0, 1, 1], [True, False, False], tokens=[10, 30, 500])
    plan = Plan(
        label="vote", n=3, batch=3, rule=plan_of("majority_vote(n=3)").rule, choice="majority"
    )
    found = replayed(
        pool(drawn), plan, orders=1, budget=parse_budget("60 tokens"), label="60 tokens"
    )
    assert (found.draws, found.tokens, found.accuracy.value) == (2.0, 50.0, 1.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1g flops", "do not tell flops"),
        ("$0.01", "price of 'm' is unknown"),
        ("5 seconds", "no seconds for every draw"),
    ],
)
def test_a_ceiling_on_what_the_record_does_not_tell_is_refused(text: str, reason: str) -> None:
    drawn = pool(draws([0, 1], [True, False]))
    with pytest.raises(UsageError, match=reason):
        replayed(drawn, plan_of("majority_vote(n=2)"), budget=parse_budget(text), label=text)


def test_a_threshold_takes_the_first_draw_that_reaches_it() -> None:
    drawn = draws([0, 1, 2], [False, True, False], [0.2, 0.8, 0.9])
    plan = Plan(label="bar", n=3, batch=1, rule=ScoreThreshold(0.7), choice="best")
    found = replayed(pool(drawn), plan, orders=1)
    assert (found.draws, found.accuracy.value, found.difference and found.difference.value) == (
        *(2.0, 1.0),
        1.0,
    )


def test_the_first_to_finish_vote_and_the_others_are_charged_for_their_time() -> None:
    drawn = replace(
        draws([0, 1, -1, 1], [True, False, False, False], tokens=[10, 40, 10, 40]),
        seconds=np.array([1.0, 4.0, 0.5, 4.0]),
    )
    found = replayed(pool(drawn), plan_of("first_finish(n=4, m=1)"), orders=1)
    assert (found.accuracy.value, found.draws, found.seconds) == (1.0, 1.0, 1.0)
    assert found.tokens == pytest.approx(4 * 5 + 10 + 10 + 10 + 10)
    assert found.difference is not None and found.difference.value == 1.0


def test_who_is_first_is_not_known_without_seconds() -> None:
    with pytest.raises(UsageError, match="no seconds for every draw"):
        replayed(pool(draws([0, 0], [True, True])), plan_of("first_finish(n=2, m=1)"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("beam_search", "does more than draw whole solutions"),
        ("best_of_n(n=4, aggregate=min)", "no scores of steps"),
        ("majority_vote(m=4)", "has no parameter 'm'"),
    ],
)
def test_what_cannot_be_replayed_is_told(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        plan_of(text)


@pytest.mark.parametrize(
    ("text", "told", "reason"),
    [
        ("best_of_n(n=2)", draws([0, 0], [True, True]), "has no scores for 'm'"),
        ("majority_vote(n=2)", draws([-1, -1], [True, True]), "nothing to vote with"),
        ("adaptive_consistency(n=2)", draws([0], [True]), "one draw per problem"),
    ],
)
def test_a_record_that_cannot_tell_is_named(text: str, told: object, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        replayed(pool(told), plan_of(text))  # type: ignore[arg-type]
