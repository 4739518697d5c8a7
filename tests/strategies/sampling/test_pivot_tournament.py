"""A pivot tournament chooses nearly as well as a round robin, and asks far less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.errors import UsageError
from tts.strategies.sampling.pivot_tournament import PivotTournament, Table
from tts.values import Budget, Problem, Result
from tts.verifiers import Judge

DRAWS = [f"6 * 7 is\n\n\\boxed{{{answer}}}" for answer in (40, 41, 42, 43, 44, 45)]


def played(shares: NDArray[np.float64], *, pivots: int) -> tuple[int, int]:
    """The winner and the number of comparisons; a share of NaN is a verdict that never came."""
    table, asked = Table(len(shares), pivots=pivots), 0
    while pairs := table.wanted():
        asked += len(pairs)
        for i, j in pairs:
            table.hear((i, j), None if np.isnan(shares[i, j]) else float(shares[i, j]))
    standings = table.standings()
    return max(standings, key=lambda i: standings[i], default=0), asked


def judged(
    rng: np.random.Generator, right: NDArray[np.float64], *, noise: float
) -> NDArray[np.float64]:
    """A judge's shares: it sees which is right through noise, as log-odds."""
    size = len(right)
    odds = 2.0 * (right[:, None] - right[None, :]) + noise * rng.normal(size=(size, size))
    upper = np.triu(1.0 / (1.0 + np.exp(-odds)), 1)
    return np.asarray(upper + np.tril(1.0 - upper.T, -1), dtype=np.float64)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_right_at_least_98_percent_as_often_as_a_round_robin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pivot, robin = [], []
    for _ in range(1500):
        right = (rng.random(16) < rng.uniform(0.1, 0.9)).astype(float)
        shares = judged(rng, right, noise=1.5)
        pivot.append(right[played(shares, pivots=2)[0]])
        robin.append(right[int(np.argmax(shares.sum(axis=1)))])
    assert np.mean(pivot) >= 0.98 * np.mean(robin)


@pytest.mark.parametrize("size", [1, 2, 3, 16, 64])
@pytest.mark.parametrize("pivots", [1, 3])
def test_it_asks_at_most_n_times_one_and_the_pivots(size: int, pivots: int) -> None:
    rng = np.random.default_rng(size)
    shares = judged(rng, rng.random(size), noise=1.0)
    assert played(shares, pivots=pivots)[1] <= size * (1 + pivots)


def test_it_stops_when_it_is_decided() -> None:
    right = np.zeros(16)
    right[3] = 1.0
    shares = np.full((16, 16), 0.5)
    shares[3], shares[:, 3] = 1.0, 0.0
    winner, asked = played(shares, pivots=8)
    assert winner == 3
    assert asked < played(np.full((16, 16), 0.5), pivots=8)[1]


def test_a_verdict_that_never_came_is_no_vote() -> None:
    rng = np.random.default_rng(5)
    kept, lost = [], []
    for _ in range(600):
        right = (rng.random(12) < 0.4).astype(float)
        shares = judged(rng, right, noise=0.5)
        kept.append(right[played(shares, pivots=3)[0]])
        holes = np.triu(rng.random((12, 12)) < 0.2, 1)
        shares[holes | holes.T] = np.nan
        lost.append(right[played(shares, pivots=3)[0]])
    assert np.mean(lost) >= np.mean(kept) - 0.02
    assert played(np.full((4, 4), np.nan), pivots=2)[0] == 0


def prefers_42(messages: Any, prefix: str, index: int) -> str:
    first, _, second = messages[-1].content.partition("Solution B")
    if "{42}" not in first + second:
        return "Better: equal"
    return "Better: A" if "{42}" in first else "Better: B"


async def solved(
    say: Any,
    budget: Budget | None = None,
    *,
    spelled: str = "pivot_tournament(n=6)",
    draws: list[str] = DRAWS,
    **how: Any,
) -> Result:
    judge = Judge.pointwise(ScriptedGenerator(say))
    async with Engine(
        ScriptedGenerator(draws), verifier=judge, sampling={"max_tokens": 32}, **how
    ) as engine:
        problem = Problem(id="p", prompt="6 * 7?", answer="42")
        return await engine.solve(problem, strategy=spelled, budget=budget)


async def test_the_solution_that_a_judge_prefers_wins() -> None:
    result = await solved(prefers_42)
    assert (result.answer, result.stopped_by) == ("42", "done")
    assert result.spend["judge"].calls <= 2 * 6 * 3


async def test_one_solution_speaks_for_all_draws_with_its_answer() -> None:
    result = await solved(prefers_42, draws=[DRAWS[0], DRAWS[2], DRAWS[0]] * 2)
    assert (result.answer, result.spend["judge"].calls) == ("42", 2)


@pytest.mark.parametrize("reply", ["Better: A", "I cannot say."])
async def test_a_judge_that_likes_a_place_or_says_nothing_leaves_the_vote(reply: str) -> None:
    result = await solved(lambda *_: reply, draws=[DRAWS[0], *[DRAWS[5]] * 2, *DRAWS[1:4]])
    assert result.answer == "45"
    assert bool(result.missing) == (reply == "I cannot say.")


@pytest.mark.parametrize("cap", [6, 9, 14, 20, 60])
@pytest.mark.parametrize("dimension", ["calls", "completion_tokens"])
async def test_draws_leave_a_share_of_a_hard_cap_for_comparisons(dimension: str, cap: int) -> None:
    """Each draw costs 5 completion tokens and is shown at 32 at worst; a verdict may take 1,024."""
    unit = 1 if dimension == "calls" else 1100
    result = await solved(prefers_42, Budget(**{dimension: cap * unit}))
    spent = getattr(result.usage, dimension)
    assert spent <= cap * unit
    assert result.spend["judge"].calls >= 2
    assert result.stopped_by == "done" or (dimension == "calls" and cap < 60)
    assert result.answer == "42" or result.stopped_by == "budget"


@pytest.mark.parametrize("cap", [8, 12, 16])
async def test_a_share_for_comparisons_chooses_where_draws_would_have_spent_it_all(
    cap: int,
) -> None:
    """Of many draws under a cap of calls some stay undrawn, so that those drawn are compared."""
    draws = [DRAWS[0], DRAWS[2], DRAWS[0], DRAWS[2], *[DRAWS[0]] * 36]
    kept = await solved(
        prefers_42, Budget(calls=cap), spelled="pivot_tournament(n=40)", draws=draws
    )
    spent = await solved(
        prefers_42, Budget(calls=cap), spelled="pivot_tournament(n=40, compared=0)", draws=draws
    )
    assert (kept.answer, spent.answer) == ("42", "40")


async def test_a_verifier_that_is_no_judge_is_refused_before_anything_is_drawn() -> None:
    class Short:
        name = identity = "short"

        def score(self, candidate: Any, run: Any) -> Any:
            raise AssertionError

    model = ScriptedGenerator(DRAWS)
    async with Engine(model, verifier=Short()) as engine:
        with pytest.raises(UsageError, match="give the engine a judge"):
            await engine.solve("6 * 7?", strategy="pivot_tournament")
    assert not model.requests


async def test_a_second_process_asks_nothing_again_and_says_the_same(tmp_path: Any) -> None:
    asked: list[int] = []

    def say(messages: Any, prefix: str, index: int) -> str:
        asked.append(index)
        return prefers_42(messages, prefix, index)

    first, paid = await solved(say, ledger=tmp_path / "ledger.sqlite"), len(asked)
    again = await solved(say, ledger=tmp_path / "ledger.sqlite")
    assert len(asked) == paid == first.spend["judge"].calls
    assert (again.answer, again.usage) == (first.answer, first.usage)


@pytest.mark.parametrize("parameters", [{"pivots": 0}, {"n": 0}, {"compared": 1.0}])
def test_a_tournament_without_entrants_pivots_or_draws_is_refused(
    parameters: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match=next(iter(parameters))):
        PivotTournament(**parameters)
