"""Parallel batches: never more than n, the overshoot stated, the same whatever the timing."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tts.ledger import MemoryJournal
from tts.strategies import MajorityVote
from tts.strategies.parts.stopping import STOP_RULES, Drawn, StopName, in_batches
from tts.strategies.sampling.majority_vote import AdaptiveConsistency
from tts.values import Budget

RULES = sorted(set(STOP_RULES) - {"gain"})


def lines(success: float, seed: int) -> Any:
    """Draw i is right with this probability, else one of three wrong answers."""

    def say(_: Any, __: Any, index: int) -> str:
        dice = Random(f"{seed} {index}")
        right = dice.random() < success
        return f"so\n\n\\boxed{{{42 if right else dice.randrange(3)}}}"

    return say


def drawn(lab: Any, seed: int, *, shuffle: int = 0, **how: Any) -> Drawn:
    async def solve(problem: Any, run: Any) -> None:
        found.append(await in_batches(problem, run, **how))

    found: list[Drawn] = []
    slow = lab.Slow(lab.words(lines(0.7, seed)), shuffle=shuffle)
    result = lab.run(lab.solve(solve, slow))
    assert result.usage.calls == found[0].submitted
    return found[0]


@settings(max_examples=25)
@given(
    name=st.sampled_from(RULES),
    n=st.integers(1, 24),
    batch=st.integers(1, 7),
    seed=st.integers(0, 99),
    shuffle=st.integers(0, 99),
)
def test_a_stop_rule_never_exceeds_n_and_its_overshoot_is_accounted(
    lab: Any, name: StopName, n: int, batch: int, seed: int, shuffle: int
) -> None:
    how: dict[str, Any] = {"rule": STOP_RULES[name](), "n": n}
    parallel = drawn(lab, seed, shuffle=shuffle, batch=batch, **how)
    alone = drawn(lab, seed, batch=1, **how)
    assert alone.overshoot == 0 and parallel.submitted <= n
    assert 0 <= parallel.overshoot < batch
    if batch < n:
        assert parallel.needed == alone.needed == alone.submitted


@settings(max_examples=15)
@given(tokens=st.integers(90, 400), shuffles=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_the_same_seed_gives_the_same_result_under_any_latency_and_budget(
    lab: Any, tokens: int, shuffles: tuple[int, int]
) -> None:
    budget = Budget(tokens=tokens)
    results = [
        lab.run(
            lab.solve(
                AdaptiveConsistency(n=16),
                lab.Slow(lab.words(lines(0.5, 7)), shuffle=shuffle),
                budget=budget,
            )
        )
        for shuffle in shuffles
    ]
    assert [r.answer for r in results] == [results[0].answer] * 2
    assert results[0].usage == results[1].usage and budget.allows(results[0].usage)


def test_a_run_killed_between_batches_goes_on_without_drawing_anything_twice(lab: Any) -> None:
    from tts.errors import LedgerError

    for life in range(2, 30, 3):
        book = lab.MortalJournal(job="lab", life=life)
        strategy, script = AdaptiveConsistency(n=12), lines(0.5, 3)
        whole = lab.run(lab.solve(strategy, lab.words(script), journal=MemoryJournal(job="lab")))
        try:
            lab.run(lab.solve(strategy, lab.words(script), journal=book))
        except LedgerError:
            model = lab.words(script)
            again = lab.run(lab.solve(strategy, model, journal=lab.again(book)))
            assert (again.answer, again.usage) == (whole.answer, whole.usage)
            assert len(model.requests) <= whole.usage.calls


def test_adaptive_consistency_keeps_the_accuracy_of_majority_with_half_the_draws(lab: Any) -> None:
    right, calls = {"majority": 0, "adaptive": 0}, {"majority": 0, "adaptive": 0}
    strategies = {"majority": MajorityVote(n=40), "adaptive": AdaptiveConsistency(n=40)}
    for seed in range(45):
        success = (0.45, 0.65, 0.9)[seed % 3]
        for name, strategy in strategies.items():
            result = lab.run(lab.solve(strategy, lab.words(lines(success, seed))))
            right[name] += result.answer == "42"
            calls[name] += result.usage.calls
    assert right["adaptive"] >= right["majority"] - 1
    assert calls["majority"] >= 2 * calls["adaptive"]


def test_the_rule_counts_equal_answers_and_not_equal_strings(lab: Any) -> None:
    spelled = ["\\boxed{1/2}", "\\boxed{\\frac{1}{2}}", "\\boxed{0.5}", "\\boxed{\\frac12}"]
    words = lab.words(lambda _, __, index: spelled[index % 4])
    result = lab.run(lab.solve(AdaptiveConsistency(n=20), words))
    assert result.usage.calls == 4 and result.stopped_by == "done"


def test_a_failed_or_cut_draw_is_no_vote_against_the_leader(lab: Any) -> None:
    from tts.errors import BadRequest
    from tts.values import Completion

    cut = Completion(text="\\boxed{9}", finish_reason="length", completion_tokens=1)
    said = [cut, BadRequest("no"), *["\\boxed{4}"] * 4]
    words = lab.words(lambda _, __, index: said[index])
    result = lab.run(lab.solve(AdaptiveConsistency(n=20, batch=6), words))
    assert result.answer == "4" and result.usage.calls <= 6
