"""A whole agent as a draw: strategies, budgets and the ledger work around what is not ours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tts.backends.agent import AgentAnswer, AgentSpend, AgentTask, agent
from tts.engine import Engine
from tts.errors import BadInput, Unavailable, UsageError
from tts.values import NANO, Score

PRICED = AgentSpend(calls=3, prompt_tokens=100, completion_tokens=50, dollars=0.01)


def saying(*answers: Any, **how: Any) -> Any:
    """An agent whose attempts say these, in order; `runs` keeps what they were asked."""
    runs: list[AgentTask] = []

    async def attempt(task: AgentTask) -> Any:
        runs.append(task)
        said = answers[task.index % len(answers)]
        if isinstance(said, Exception):
            raise said
        return said

    made = agent(name="teller", **how)(attempt)
    made.runs = runs
    return made


def answer(text: str, **spend: Any) -> AgentAnswer:
    return AgentAnswer(text=text, spend=AgentSpend(**spend))


async def test_a_vote_over_runs_of_an_agent_counts_what_each_reported() -> None:
    runs = [
        answer("12", calls=2, prompt_tokens=80, completion_tokens=20, dollars=0.004),
        answer("13", calls=3, prompt_tokens=90, completion_tokens=30, dollars=0.005),
        answer("12", calls=1, prompt_tokens=10, completion_tokens=10, dollars=0.001),
    ]
    async with Engine(saying(*runs), verifier=None) as engine:
        result = await engine.solve("How many?", strategy="majority_vote(n=3)")
    assert result.answer == "12"
    spent = result.usage
    assert (spent.calls, spent.prompt_tokens, spent.completion_tokens) == (6, 180, 60)
    assert spent.nanodollars == round(0.010 * NANO) == result.billed.nanodollars


async def test_an_agent_gets_the_question_as_it_was_put_and_each_attempt_its_seed() -> None:
    teller = saying("12")
    async with Engine(teller, verifier=None) as engine:
        await engine.solve("How many?", strategy="majority_vote(n=3)")
    assert [(run.text, run.index) for run in teller.runs] == [("How many?", i) for i in range(3)]
    assert len({run.seed for run in teller.runs}) == 3


async def test_a_ceiling_in_dollars_holds_by_the_declared_worst_case() -> None:
    cheap = answer("12", calls=3, prompt_tokens=100, completion_tokens=50, dollars=0.004)
    teller = saying(cheap, most=PRICED)
    async with Engine(teller, verifier=None) as engine:
        result = await engine.solve("?", strategy="majority_vote(n=50)", budget="0.05 dollars")
    assert result.stopped_by == "budget"
    assert result.answer == "12"
    assert 0.04 < (result.usage.dollars or 0) <= 0.05
    assert len(teller.runs) == 11


async def test_a_ceiling_in_what_nobody_declares_is_refused_before_anything_runs() -> None:
    teller = saying(answer("12", prompt_tokens=5, completion_tokens=5))
    async with Engine(teller, verifier=None) as engine:
        with pytest.raises(UsageError, match="declares none"):
            await engine.solve("?", strategy="majority_vote(n=3)", budget="1000 tokens")
        with pytest.raises(UsageError, match="dollars"):
            await engine.solve("?", strategy="majority_vote(n=3)", budget="1 dollar")
    assert teller.runs == []


async def test_dollars_that_nobody_tells_stay_unknown_and_runs_can_be_capped() -> None:
    async with Engine(saying("12"), verifier=None) as engine:
        result = await engine.solve("?", strategy="majority_vote(n=9)", budget="4 calls")
    assert (result.usage.calls, result.usage.dollars, result.answer) == (4, None, "12")


async def test_a_run_that_says_nothing_is_charged_what_was_declared() -> None:
    async with Engine(saying("12", most=PRICED), verifier=None) as engine:
        result = await engine.solve("?", strategy="single")
    assert (result.usage.tokens, result.usage.dollars) == (150, 0.01)


async def test_an_agent_that_raises_is_a_failed_draw_and_no_wrong_answer() -> None:
    teller = saying("12", ValueError("broken pipe"), "12")
    async with Engine(teller, verifier=None) as engine:
        result = await engine.solve("?", strategy="majority_vote(n=3)")
    assert (result.answer, result.stopped_by, sum(result.missing.values())) == (
        "12",
        "incomplete",
        1,
    )
    assert "broken pipe" in next(iter(result.missing)) or result.missing
    assert len(teller.runs) == 3


async def test_a_failure_that_passes_is_tried_again() -> None:
    lines: list[Any] = [Unavailable("busy", retry_after=0.0), "12"]

    @agent(name="flaky")
    async def attempt(task: AgentTask) -> str:
        said = lines.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    async with Engine(attempt, verifier=None) as engine:
        assert (await engine.solve("?", strategy="single")).answer == "12"


async def test_runs_are_found_again_in_the_ledger(tmp_path: Path) -> None:
    teller = saying(answer("12", dollars=0.002))
    results = []
    for _ in range(2):
        async with Engine(teller, verifier=None, ledger=tmp_path / "a.db") as engine:
            results.append(await engine.solve("How many?", strategy="majority_vote(n=3)"))
    assert len(teller.runs) == 3
    result = results[-1]
    assert (result.usage.dollars, result.billed.calls) == (0.006, 0)


async def test_a_run_that_is_dropped_is_cancelled_and_charged_what_it_had_spent() -> None:
    left = 0

    @agent(name="slow", most=PRICED)
    async def attempt(task: AgentTask) -> AgentAnswer:
        nonlocal left
        if task.index:
            task.spent(AgentSpend(prompt_tokens=7, completion_tokens=0, dollars=0.001))
            try:
                await asyncio.sleep(60)
            finally:
                left += 1
        return answer("12", prompt_tokens=1, completion_tokens=1, dollars=0.001)

    async with Engine(attempt, verifier=None) as engine:
        result = await engine.solve("?", strategy="first_finish(n=3, m=1)")
    assert (result.answer, left) == ("12", 2)
    assert result.usage.prompt_tokens == 1 + 2 * 7


async def test_a_search_over_steps_draws_whole_runs() -> None:
    teller = saying("12")

    class Even:
        name, identity = "even", "even"

        def score(self, candidate: Any, run: Any) -> Any:
            return run.call(
                lambda drawn: Score(value=1.0 if drawn.answer == "12" else 0.0), candidate
            )

    async with Engine(teller, verifier=Even()) as engine:
        result = await engine.solve("?", strategy="beam_search(n=4)")
    assert (result.answer, len(teller.runs)) == ("12", 4)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: agent(name="x")("no function"), "async function"),
        (lambda: AgentSpend(calls=0), "one call"),
        (lambda: AgentSpend(dollars=-1.0), "less than 0"),
    ],
)
def test_what_cannot_be_an_agent_is_told(made: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        made()


async def test_an_agent_that_spends_more_than_it_declared_is_told_of(caplog: Any) -> None:
    over = answer("12", calls=3, prompt_tokens=500, completion_tokens=50, dollars=0.01)
    async with Engine(saying(over, most=PRICED), verifier=None) as engine:
        await engine.solve("?", strategy="single")
    assert "spent 500 prompt_tokens" in caplog.text


SHOP = """
import tts

@tts.agent(name="shop", most=tts.AgentSpend(prompt_tokens=50, completion_tokens=10, dollars=0.01))
async def solve(task):
    spend = tts.AgentSpend(prompt_tokens=40, completion_tokens=5, dollars=0.005)
    return tts.AgentAnswer(text=f"sold {task.text}", spend=spend)

async def bare(task):
    return "bare"

nothing = 3
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop_of_test.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)


async def test_an_agent_of_a_module_is_opened_by_its_name(shop: None) -> None:
    async with Engine("agent:shop_of_test:solve", verifier=None) as engine:
        result = await engine.solve("tea", strategy="majority_vote(n=2)", budget="0.02 dollars")
    assert (result.answer, result.usage.dollars) == ("sold tea", 0.01)
    async with Engine("agent:shop_of_test:bare", verifier=None) as engine:
        assert (await engine.solve("tea", strategy="single")).answer == "bare"


@pytest.mark.parametrize(
    "place", ["shop_of_test", "shop_of_test:nothing", "shop_of_test:x", "no_such:a"]
)
async def test_what_is_no_agent_is_one_line(shop: None, place: str) -> None:
    async with Engine(f"agent:{place}", verifier=None) as engine:
        with pytest.raises(BadInput, match=place):
            await engine.solve("tea", strategy="single")
