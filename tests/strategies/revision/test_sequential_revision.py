"""Sequential revision: chains that see their own past."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.errors import LedgerError
from tts.ledger import MemoryJournal
from tts.strategies.revision.sequential_revision import (
    AGAIN,
    APPROVED,
    FEEDBACK,
    REVISE,
    SelfRefine,
    SequentialRevision,
)
from tts.values import Budget


def say(messages: Any, _: Any, index: int) -> str:
    """Attempts grow more often right with the attempts they see."""
    seen = sum(AGAIN in turn.content for turn in messages)
    past = "".join(turn.content for turn in messages)
    dice = Random(f"{past} {index}")
    return f"so {dice.random():.3f}\n\n\\boxed{{{42 if dice.random() < 0.3 + 0.2 * seen else 7}}}"


def score(_: Any, steps: Any, place: int) -> float:
    return 0.8 if "42" in steps[place] else 0.4


def test_an_attempt_sees_at_most_the_last_four_of_its_chain(lab: Any) -> None:
    generator = lab.words(say)
    lab.run(lab.solve(SequentialRevision(chains=2, length=7), generator, scores=score))
    seen = [sum(t.role == "assistant" for t in r.messages) for r in generator.requests]
    assert sorted(seen) == sorted(2 * [0, 1, 2, 3, 4, 4, 4])


@pytest.mark.parametrize(("chains", "length"), [(8, 1), (4, 2), (2, 4), (1, 8)])
def test_any_ratio_of_parallel_to_sequential_costs_as_many_draws(
    lab: Any, chains: int, length: int
) -> None:
    strategy = SequentialRevision(chains=chains, length=length)
    result = lab.run(lab.solve(strategy, lab.words(say), scores=score))
    assert result.spend["sample"].calls == result.spend["verify"].calls == 8


def test_one_attempt_per_chain_draws_what_best_of_n_draws(lab: Any) -> None:
    from tts.strategies import WeightedBestOfN

    chains = lab.run(
        lab.solve(SequentialRevision(chains=6, length=1), lab.words(say), scores=score)
    )
    plain = lab.run(lab.solve(WeightedBestOfN(n=6), lab.words(say), scores=score))
    assert [k.candidate.key for k in chains.candidates] == [
        k.candidate.key for k in plain.candidates
    ]


def answers(*texts: str) -> Any:
    """Chain and place decide what is said: first attempts by index, later ones by what is seen."""

    def speak(messages: Any, _: Any, index: int) -> str:
        seen = [turn.content for turn in messages if turn.role == "assistant"]
        start = index if not seen else int(seen[0].split()[0])
        return f"{start} \\boxed{{{texts[start].split(',')[len(seen)]}}}"

    return speak


def test_a_verifier_chooses_in_chains_and_then_over_them(lab: Any) -> None:
    def liking(_: Any, steps: Any, place: int) -> float:
        return {"{1}": 0.5, "{2}": 0.9}.get(steps[place][-3:], 0.4)

    script = answers("1,1,1", "2,3,3", "1,1,1")
    by_chain = SequentialRevision(chains=3, length=3)
    flat = SequentialRevision(chains=3, length=3, pool="flat")
    result = lab.run(lab.solve(by_chain, lab.words(script), scores=liking))
    assert result.answer == "1"
    assert lab.run(lab.solve(flat, lab.words(script), scores=liking)).answer == "1"


def test_a_majority_is_taken_over_all_attempts_at_once(lab: Any) -> None:
    script = answers("1,1,2", "2,3,2", "2,1,2")
    strategy = SequentialRevision(chains=3, length=3, select="majority")
    result = lab.run(lab.solve(strategy, lab.words(script)))
    assert result.answer == "2" and "verify" not in result.spend


@settings(max_examples=12)
@given(tokens=st.integers(200, 900), shuffles=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_budget_and_seed_decide_the_result_whatever_the_latency(
    lab: Any, tokens: int, shuffles: tuple[int, int]
) -> None:
    budget = Budget(tokens=tokens)
    strategy = SequentialRevision(chains=3, length=3)
    results = [
        lab.run(
            lab.solve(strategy, lab.Slow(lab.words(say), shuffle=s), scores=score, budget=budget)
        )
        for s in shuffles
    ]
    assert results[0].answer == results[1].answer and results[0].usage == results[1].usage
    assert budget.allows(results[0].usage)


@pytest.mark.parametrize("life", [5, 9, 14, 20])
def test_a_killed_chain_goes_on_where_it_was(lab: Any, life: int) -> None:
    strategy = SequentialRevision(chains=2, length=3)
    whole = lab.run(lab.solve(strategy, lab.words(say), scores=score))
    book = lab.MortalJournal(job="lab", life=life)
    with pytest.raises(LedgerError):
        lab.run(lab.solve(strategy, lab.words(say), scores=score, journal=book))
    again = lab.run(lab.solve(strategy, lab.words(say), scores=score, journal=lab.again(book)))
    assert (again.answer, again.usage) == (whole.answer, whole.usage)
    assert isinstance(book, MemoryJournal)


def model(lab: Any, *, feedback: str = "Step 1 is wrong.") -> Any:
    """Draft i boxes its number; feedback boxes 99, which is nobody's answer."""

    def say(messages: Any, *_: Any) -> str:
        asked = messages[-1].content
        if FEEDBACK in asked:
            return f"{feedback} \\boxed{{99}}" if "wrong" in feedback else feedback
        return f"\\boxed{{{sum(REVISE in turn.content for turn in messages)}}}"

    return lab.words(say)


def test_the_last_revision_is_the_answer(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=2), model(lab)))
    assert (result.answer, result.usage.calls) == ("2", 5)


def test_feedback_is_no_candidate_and_is_charged_as_a_judgement(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=2), model(lab)))
    assert [kept.candidate.answer for kept in result.candidates] == ["0", "1", "2"]
    assert result.spend["judge"].calls == 2 and result.spend["sample"].calls == 3


def test_approval_ends_the_rounds(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=5), model(lab, feedback="NO ERROR")))
    assert (result.answer, result.usage.calls) == ("0", 2)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("NO ERROR", True), ("**No error.**", True), ("There is no error in step 1, but", False)],
)
def test_only_a_line_that_says_so_is_an_approval(text: str, ends: bool) -> None:
    assert bool(APPROVED.search(text)) is ends


def test_a_verifier_keeps_the_right_answer_that_a_revision_loses(lab: Any) -> None:
    def score(_: Any, steps: Any, place: int) -> float:
        return 0.9 if "0" in steps[place] else 0.2

    kept = lab.solve(SelfRefine(rounds=2, select="best"), model(lab), scores=score)
    assert lab.run(kept).answer == "0"


def test_a_spent_budget_leaves_the_last_finished_solution(lab: Any) -> None:
    result = lab.run(lab.solve(SelfRefine(rounds=8), model(lab), budget=Budget(tokens=330)))
    assert result.stopped_by == "budget" and result.answer not in (None, "99")
    assert result.usage.tokens <= 330


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"select": "loudest"}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SelfRefine(**wrong)
