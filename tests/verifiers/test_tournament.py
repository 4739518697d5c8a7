"""A pivot tournament chooses nearly as well as a round robin, and asks far less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.values import Candidate, Problem, Result
from tts.verifiers import PairwiseJudge, PivotTournament
from tts.verifiers.tournament import Table

DRAWS = [f"6 * 7 is\n\n\\boxed{{{answer}}}" for answer in (40, 41, 42, 43, 44, 45)]


def played(shares: NDArray[np.float64], *, pivots: int) -> tuple[int, int]:
    """The winner and the number of comparisons; a share of NaN is a verdict that never came."""
    table, asked = Table(len(shares), pivots=pivots), 0
    while pairs := table.wanted():
        asked += len(pairs)
        for i, j in pairs:
            table.hear((i, j), None if np.isnan(shares[i, j]) else float(shares[i, j]))
    return table.winner(), asked


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


@pytest.mark.parametrize(("size", "pivots"), [(0, 2), (4, 0)])
def test_a_tournament_without_entrants_or_pivots_is_refused_in_one_line(
    size: int, pivots: int
) -> None:
    with pytest.raises(ValueError, match="entrants and pivots"):
        Table(size, pivots=pivots)


class Chosen:
    """Draws six solutions and holds a tournament among them."""

    name, parameters = "chosen", {}

    def __init__(self, judge: ScriptedGenerator) -> None:
        self.tournament = PivotTournament(PairwiseJudge(judge))

    async def solve(self, problem: Problem, run: Any) -> Candidate:
        return await self.tournament.choose(list(await run.all(run.sample(problem, n=6))), run)

    async def finish(self, problem: Problem, run: Any) -> None: ...


async def solved(judge: ScriptedGenerator) -> Result:
    async with Engine(ScriptedGenerator(DRAWS)) as engine:
        problem = Problem(id="p", prompt="6 * 7?", answer="42")
        return await engine.solve(problem, strategy=Chosen(judge))


def prefers_42(messages: Any, prefix: str, index: int) -> str:
    first, _, second = messages[-1].content.partition("Solution B")
    if "{42}" not in first + second:
        return "Better: equal"
    return "Better: A" if "{42}" in first else "Better: B"


async def test_the_solution_that_a_judge_prefers_wins() -> None:
    result = await solved(ScriptedGenerator(prefers_42))
    assert result.answer == "42"
    assert result.spend["judge"].calls <= 2 * 6 * 3


async def test_a_judge_that_likes_a_place_or_says_nothing_leaves_the_first_draw() -> None:
    for reply in ("Better: A", "I cannot say."):
        judge = ScriptedGenerator(lambda *_, reply=reply: reply)
        assert (await solved(judge)).answer == "40"
