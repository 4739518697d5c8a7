"""Law 4: ceilings hold under any concurrency, and the best answer so far is returned."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.engine import Job, parse_budget, spell_budget
from tts.errors import BudgetTooSmall, UnknownPrice
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import CallRow
from tts.strategies import BestOfN, MajorityVote, SelfEvaluation
from tts.values import DIMENSIONS, Budget, Completion, Model, Sampling
from tts.verifiers import GenPRM, Judge

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
    model = lab.words(lambda *_: "\\boxed{1}", model=Model(name="m", parameters=5))
    with pytest.raises(BudgetTooSmall, match=f"Give at least ([0-9]+) {dimension}") as caught:
        lab.run(lab.solve(MajorityVote(n=2), model, budget=Budget(**{dimension: 1})))
    least = int(str(caught.value).split("Give at least ")[1].split()[0])
    assert ("or lower --max-tokens" in str(caught.value)) == (dimension != "calls")
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
    various = lab.words(lambda _, __, index: f"{index} \\boxed{{42}}")
    result = lab.run(lab.solve(BestOfN(n=8), various, budget=Budget(calls=9)))
    assert (result.stopped_by, result.answer) == ("budget", "42")
    assert result.usage.calls <= 9


def test_every_dimension_may_be_capped_at_once(lab: Any) -> None:
    free = Model(name="m", parameters=0)
    unpriced = ("nanodollars", "gpu_microseconds")
    budget = Budget(**{name: 300 for name in DIMENSIONS if name not in unpriced})
    model = lab.words(lambda *_: "\\boxed{1}", model=free)
    result = lab.run(lab.solve(MajorityVote(n=64), lab.Slow(model), budget=budget))
    assert budget.allows(result.usage) and result.stopped_by == "budget"


class Kind(NamedTuple):
    """A kind of call: who makes 64 of them, and how many other calls each of those takes."""

    strategy: Any
    verifier: Any = None


THOUGHT = Completion(
    text="True. Score: 5 \\boxed{Yes}",
    finish_reason="stop",
    completion_tokens=12,
    reasoning_tokens=9,
)
DRAFT = Completion(
    text="so \\boxed{42}\n\nScore: 5",
    finish_reason="stop",
    completion_tokens=12,
    reasoning_tokens=9,
)
KINDS = {
    "draws": Kind(MajorityVote(n=64)),
    "judge": Kind(BestOfN(n=64), Judge.pointwise),
    "belief": Kind(BestOfN(n=64), Judge.self_evaluation),
    "critique": Kind(BestOfN(n=64), GenPRM),
    "remarks": Kind(SelfEvaluation(n=64)),
}


async def under(lab: Any, kind: Kind, budget: Budget, wallet: Budget | None = None) -> Any:
    """64 draws of a thinking model that has a price and a size, each judged in the kind's way."""
    sized = Model(name="gpt-5-mini", parameters=5)
    model = lab.Slow(lab.words(lambda *_: DRAFT, model=sized))
    judge = lab.Slow(lab.words(lambda *_: THOUGHT, model=sized))
    session = lab.session(model, sampling=Sampling(max_tokens=100))
    verifier = kind.verifier and kind.verifier(judge)
    job = Job(
        dataclasses.replace(session, verifier=verifier),
        name="lab",
        journal=MemoryJournal(job="lab"),
        leases=MemoryLeases(),
        wallet=wallet,
    )
    async with job:
        return await job.solve(lab.problem, kind.strategy, budget)


MEASURED = [name for name in DIMENSIONS if name not in ("gpu_microseconds", "retrievals")]
"""Those that every kind of call here spends."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("dimension", MEASURED)
def test_every_dimension_is_reserved_charged_and_refused(
    lab: Any, kind: Kind, dimension: str
) -> None:
    free = lab.run(under(lab, kind, Budget()))
    whole = getattr(free.usage, dimension)
    assert free.stopped_by == "done" and whole > 0
    budget = Budget(**{dimension: max(whole // 2, least(lab, kind, dimension))})
    capped = lab.run(under(lab, kind, budget))
    assert capped.stopped_by == "budget" and capped.answer == "42"
    assert 0 < getattr(capped.usage, dimension) <= getattr(budget, dimension)
    assert len(capped.candidates) < 64 or any(k.score is None for k in capped.candidates)


def least(lab: Any, kind: Kind, dimension: str) -> int:
    """The least ceiling that the engine names, and a few calls more."""
    with pytest.raises(BudgetTooSmall) as caught:
        lab.run(under(lab, kind, Budget(**{dimension: 0})))
    numbers = [int(one) for one in re.findall(r"[0-9]+", str(caught.value))]
    return 2 * max(numbers)


@pytest.mark.parametrize("dimension", MEASURED)
def test_a_wallet_holds_in_every_dimension(lab: Any, dimension: str) -> None:
    whole = getattr(lab.run(under(lab, KINDS["judge"], Budget())).billed, dimension)
    wallet = Budget(**{dimension: whole // 2})
    result = lab.run(under(lab, KINDS["judge"], Budget(), wallet))
    assert result.stopped_by == "suspended"
    assert 0 <= getattr(result.billed, dimension) <= getattr(wallet, dimension)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_device_time_that_nobody_measures_is_unknown_and_refuses_a_ceiling(
    lab: Any, kind: Kind
) -> None:
    free = lab.run(under(lab, kind, Budget()))
    assert free.usage.gpu_microseconds is None and free.billed.gpu_microseconds is None
    with pytest.raises(UnknownPrice, match="gpu_seconds, and no backend measures them"):
        lab.run(under(lab, kind, Budget(gpu_microseconds=10**9)))
    with pytest.raises(UnknownPrice, match="wallet caps gpu_seconds"):
        lab.run(under(lab, kind, Budget(), Budget(gpu_microseconds=10**9)))


def test_a_ceiling_on_reasoning_stops_before_it_is_passed(lab: Any) -> None:
    said = Completion(
        text="\\boxed{1}", finish_reason="stop", completion_tokens=100, reasoning_tokens=100
    )
    model = lab.Slow(lab.words(lambda *_: said))
    budget = Budget(reasoning_tokens=150)
    result = lab.run(lab.solve(MajorityVote(n=16), model, budget=budget, sampling=SAMPLING))
    assert (result.usage.reasoning_tokens, result.stopped_by) == (100, "budget")


@given(
    amounts=st.dictionaries(st.sampled_from(DIMENSIONS), st.integers(0, 10**14), min_size=1),
    seconds=st.none() | st.floats(0.001, 10**6),
)
def test_a_budget_is_spelt_in_the_words_that_are_read(
    amounts: dict[str, int], seconds: float | None
) -> None:
    budget = Budget(**amounts, seconds=seconds and round(seconds, 3))
    assert parse_budget(spell_budget(budget)) == budget


@pytest.mark.parametrize("kind", ["judge", "belief", "critique", "remarks", "draws"])
def test_every_call_of_a_model_keeps_its_thoughts_and_what_was_estimated(
    lab: Any, kind: str
) -> None:
    guessed = Completion(
        text=f"{THOUGHT.text} \\boxed{{42}}" if kind == "draws" else THOUGHT.text,
        finish_reason="stop",
        completion_tokens=12,
        reasoning_tokens=9,
        estimated=True,
    )
    journal = MemoryJournal(job="lab")
    lab.run(judged_once(lab, KINDS[kind], guessed, journal))
    role = "sample" if kind == "draws" else "judge"
    rows = [row for row in lab.rows(journal, CallRow) if row.role == role]
    assert rows and all(row.degraded == "estimated" for row in rows)
    assert all(row.usage.reasoning_tokens == 9 for row in rows)


async def judged_once(lab: Any, kind: Kind, said: Completion, journal: MemoryJournal) -> Any:
    """One draft, and everything else as `said`."""
    drafts = lab.words(lambda messages, *_: DRAFT if "surely" not in messages[-1].content else said)
    model = lab.words(lambda *_: said) if kind.strategy.name == "majority_vote" else drafts
    verifier = kind.verifier and kind.verifier(lab.words(lambda *_: said))
    session = dataclasses.replace(lab.session(model), verifier=verifier)
    job = Job(session, name="lab", journal=journal, leases=MemoryLeases())
    async with job:
        return await job.solve(lab.problem, type(kind.strategy)(n=1))


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
