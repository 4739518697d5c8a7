"""Law 10: killed anywhere and started again, a run ends as if it had never been stopped."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.errors import LedgerError
from tts.ledger import MemoryJournal
from tts.protocols import CallRow
from tts.strategies import BestOfN, MajorityVote, WeightedBestOfN
from tts.values import Budget

LINES = [f"{'so ' * (i % 7)}\\boxed{{{i % 3}}}" for i in range(16)]


async def rounds(problem: Any, run: Any) -> Any:
    """Two rounds with a join by arrival between them."""
    nodes = run.sample(problem, n=4, until="step")
    chosen = await run.first(nodes, k=4)
    scored = await run.all([run.score(draft) for draft in chosen])
    best = max(range(4), key=lambda i: (scored[i].value, i))
    return (await run.all(run.sample(chosen[best], n=2)))[0]


def seen(result: Any) -> Any:
    kept = [(entry.candidate.key, entry.score) for entry in result.candidates]
    return result.answer, result.stopped_by, result.usage, kept


def score(_: Any, steps: Any, place: int) -> float:
    return len(steps[place]) % 10 / 10


@settings(max_examples=40)
@given(
    life=st.integers(0, 60),
    method=st.sampled_from([MajorityVote(n=8), BestOfN(n=8), WeightedBestOfN(n=8)]),
    budget=st.sampled_from([None, Budget(tokens=230), Budget(calls=9)]),
    shuffle=st.integers(0, 9),
)
def test_killed_at_any_write_it_gives_the_same_result_and_repeats_no_finished_call(
    lab: Any, life: int, method: Any, budget: Any, shuffle: int
) -> None:
    def go(journal: Any, pace: int) -> tuple[Any, Any]:
        model = lab.Slow(lab.scripted(LINES), shuffle=pace)
        how = {"budget": budget, "scores": score}
        return model, lab.run(lab.solve(method, model, journal=journal, **how))

    _, whole = go(MemoryJournal(job="lab"), shuffle)
    dying = lab.MortalJournal(job="lab", life=life)
    with suppress(LedgerError):
        go(dying, shuffle)
    finished = {row.key for row in lab.rows(dying, CallRow) if row.role == "sample"}
    book = lab.again(dying)
    model, resumed = go(book, shuffle + 1)
    assert seen(resumed) == seen(whole)
    drawn = {row.key for row in lab.rows(book, CallRow) if row.role == "sample"}
    assert len(model.requests) == len(drawn - finished)


@pytest.mark.parametrize("life", range(0, 40, 3))
def test_a_recorded_arrival_order_survives_a_kill(lab: Any, life: int) -> None:
    dying = lab.MortalJournal(job="lab", life=life)
    lines = [f"{'so ' * i}\n\n\\boxed{{{i}}}" for i in range(8)]
    with suppress(LedgerError):
        lab.run(lab.solve(rounds, lab.Slow(lab.scripted(lines), shuffle=1), journal=dying))
    book = lab.again(dying)
    first = lab.run(lab.solve(rounds, lab.Slow(lab.scripted(lines), shuffle=5), journal=book))
    again = lab.run(lab.solve(rounds, lab.words(lambda *_: None), journal=lab.again(book)))
    assert seen(again) == seen(first)


@pytest.mark.parametrize("pace", range(4))
def test_a_run_that_met_its_deadline_meets_it_again_at_the_same_point(lab: Any, pace: int) -> None:
    def go(journal: Any, shuffle: int) -> Any:
        model = lab.Slow(lab.scripted(LINES), shuffle=shuffle)
        budget = Budget(seconds=0.5)
        return model, lab.run(lab.solve(MajorityVote(n=8), model, journal=journal, budget=budget))

    book = MemoryJournal(job="lab")
    _, live = go(book, pace)
    model, again = go(lab.again(book), pace + 1)
    assert live.stopped_by == "deadline" and seen(again) == seen(live)
    assert model.requests == []
