"""Law 4: ceilings hold under any concurrency, and the best answer so far is returned."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.errors import BudgetTooSmall, UnknownPrice
from tts.strategies import MajorityVote
from tts.values import DIMENSIONS, Budget, Completion, Sampling

SAMPLING = Sampling(max_tokens=100)
CAP = 1000


def model_of(lab: Any, tokens: int) -> Any:
    """Every draw uses that many completion tokens and gives no answer."""
    return lab.words(
        lambda *_: Completion(text="so", finish_reason="length", completion_tokens=tokens)
    )


async def many(problem: Any, run: Any) -> Any:
    await run.all(run.sample(problem, n=256))


def spend(lab: Any, tokens: int, cap: int = CAP) -> Any:
    model = lab.Slow(model_of(lab, tokens))
    strategy = lab.Told(many)
    budget = Budget(completion_tokens=cap + 48)
    return model, lab.run(lab.solve(strategy, model, budget=budget, sampling=SAMPLING))


def test_a_cap_of_ten_worst_cases_lets_exactly_ten_full_draws_leave(lab: Any) -> None:
    model, result = spend(lab, 100)
    assert len(model.requests) == 10
    assert (result.usage.completion_tokens, result.stopped_by) == (CAP, "budget")


def test_short_replies_let_spending_come_within_one_worst_case_of_the_cap(lab: Any) -> None:
    _, result = spend(lab, 10)
    assert CAP - 100 <= result.usage.completion_tokens <= CAP
    assert result.stopped_by == "budget"


@settings(max_examples=15)
@given(tokens=st.integers(1, 100), cap=st.integers(100, 2000))
def test_no_dimension_ever_passes_its_ceiling(lab: Any, tokens: int, cap: int) -> None:
    _, result = spend(lab, tokens, cap)
    assert result.usage.completion_tokens <= cap + 48
    assert result.usage.completion_tokens > cap - 100 or len(result.candidates) == 256


@pytest.mark.parametrize("dimension", ["tokens", "calls", "completion_tokens", "flops"])
def test_a_ceiling_below_one_call_and_a_last_answer_names_the_sum_needed(
    lab: Any, dimension: str
) -> None:
    from tts.values import Model

    model = lab.words(lambda *_: "\\boxed{1}", model=Model(name="m", parameters=5))
    with pytest.raises(BudgetTooSmall, match=f"Give at least ([0-9]+) {dimension}") as caught:
        lab.run(lab.solve(MajorityVote(n=2), model, budget=Budget(**{dimension: 1})))
    least = int(str(caught.value).split("Give at least ")[1].split()[0])
    fine = lab.run(lab.solve(MajorityVote(n=2), model, budget=Budget(**{dimension: least})))
    assert fine.answer == "1"


def test_a_dollar_ceiling_on_a_model_without_a_price_is_refused_at_the_start(lab: Any) -> None:
    model = lab.words(lambda *_: "\\boxed{1}")
    with pytest.raises(UnknownPrice, match="price"):
        lab.run(lab.solve(MajorityVote(n=2), model, budget=Budget.of_dollars(1)))
    assert model.requests == []


def test_a_forced_answer_always_has_room_left(lab: Any) -> None:
    def say(_: Any, prefix: str, index: int) -> str:
        return "7}" if prefix.endswith("boxed{") else "on and on and on " * 50

    for tokens in range(150, 260, 7):
        result = lab.run(
            lab.solve(MajorityVote(n=32), lab.Slow(lab.words(say)), budget=Budget(tokens=tokens))
        )
        assert (result.answer, result.stopped_by) == ("7", "budget")
        assert result.usage.tokens <= tokens


def test_the_budget_counts_the_verifier_as_well(lab: Any) -> None:
    from tts.strategies import BestOfN

    result = lab.run(lab.solve(BestOfN(n=8), budget=Budget(calls=9)))
    assert (result.stopped_by, result.answer) == ("budget", "42")
    assert result.usage.calls <= 9


def test_every_dimension_may_be_capped_at_once(lab: Any) -> None:
    from tts.values import Model

    free = Model(name="m", parameters=0)
    budget = Budget(**{name: 300 for name in DIMENSIONS if name not in ("nanodollars",)})
    model = lab.words(lambda *_: "\\boxed{1}", model=free)
    result = lab.run(lab.solve(MajorityVote(n=64), lab.Slow(model), budget=budget))
    assert budget.allows(result.usage) and result.stopped_by == "budget"


def test_the_deadline_gives_the_best_so_far(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        await run.sample(problem)[0]
        return await run.call(lab.Tool(seconds=1000.0))

    async def finish(problem: Any, run: Any) -> Any:
        return run.kept.final()[0].candidate

    strategy = lab.Told(solve, finish)
    result = lab.run(lab.solve(strategy, budget=Budget(seconds=5.0)))
    assert (result.answer, result.stopped_by) == ("42", "deadline")


def test_the_deadline_of_a_vote_counts_what_came_in_time(lab: Any) -> None:
    class Half(type(lab.Slow(None))):  # type: ignore[misc]
        async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
            self.fixed = 1.0 if request.indices[0] < 4 else 99.0
            return await super().generate(request, meter, listener)

    model = Half(lab.words(lambda *_: "\\boxed{42}"))
    result = lab.run(lab.solve(MajorityVote(n=8), model, budget=Budget(seconds=5.0)))
    assert (result.answer, result.stopped_by, len(result.candidates)) == ("42", "deadline", 4)
    assert (model.open, model.cancelled) == (0, 4)
