"""Law 5: billed belongs to requests, attributed to uses."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tts.ledger import MemoryJournal
from tts.protocols import CallRow, OutcomeRow, RunRow, SettledRow, UseRow
from tts.strategies import BestOfN, MajorityVote
from tts.values import NOTHING, Budget

LINES = [f"{'so ' * (i % 5)}\\boxed{{{i % 3}}}" for i in range(64)]


def total(rows: Any, name: str) -> Any:
    return sum((getattr(row, name) for row in rows), NOTHING)


@settings(max_examples=10)
@given(n=st.integers(1, 15), shuffle=st.integers(0, 99))
def test_the_tables_add_up_to_the_results(lab: Any, n: int, shuffle: int) -> None:
    book = MemoryJournal(job="lab")
    model = lab.Slow(lab.scripted(LINES), shuffle=shuffle)
    results = [lab.run(lab.solve(BestOfN(n=k), model, journal=book)) for k in (n, 16)]
    spent = sum((result.usage for result in results), NOTHING)
    assert total(lab.rows(book, UseRow), "attributed").tokens == spent.tokens
    billed = sum((result.billed for result in results), NOTHING)
    assert total(lab.rows(book, SettledRow), "billed").tokens == billed.tokens
    assert len(lab.rows(book, CallRow)) == billed.calls


def test_reused_draws_are_charged_to_the_budget_as_if_they_were_made(lab: Any) -> None:
    book, budget = MemoryJournal(job="lab"), Budget(tokens=200)
    alone = lab.run(lab.solve(MajorityVote(n=16), lab.scripted(LINES), budget=budget))
    lab.run(lab.solve(MajorityVote(n=64), lab.scripted(LINES), journal=book))
    reused = lab.run(
        lab.solve(MajorityVote(n=16), lab.scripted(LINES), budget=budget, journal=book)
    )
    assert (reused.usage, reused.answer, reused.stopped_by) == (
        alone.usage,
        alone.answer,
        alone.stopped_by,
    )
    assert reused.billed == NOTHING
    assert {row.origin for row in lab.rows(book, UseRow)} == {"made", "reused"}


def test_the_wallets_end_suspends_the_problem_and_more_money_resumes_it(lab: Any) -> None:
    book, model = MemoryJournal(job="lab"), lab.scripted(LINES)
    poor = lab.run(
        lab.solve(MajorityVote(n=16), lab.Slow(model), journal=book, wallet=Budget(calls=5))
    )
    assert (poor.stopped_by, poor.answer, len(model.requests)) == ("suspended", None, 5)
    assert not lab.rows(book, OutcomeRow)
    assert all(row.result is None for row in lab.rows(book, RunRow))
    again = lab.again(book)
    rich = lab.run(lab.solve(MajorityVote(n=16), lab.Slow(model), journal=again))
    assert (rich.stopped_by, len(model.requests), rich.billed.calls) == ("done", 16, 11)
    assert rich.billed_before.calls == 5
    (ended,) = (row for row in lab.rows(again, RunRow) if row.result is not None)
    assert ended.billed == total(lab.rows(again, SettledRow), "billed")


def test_the_wallet_is_charged_what_is_billed_and_nothing_for_reuse(lab: Any) -> None:
    book, model = MemoryJournal(job="lab"), lab.scripted(LINES)
    for _ in range(2):
        result = lab.run(lab.solve(MajorityVote(n=8), model, journal=book, wallet=Budget(calls=8)))
        assert result.stopped_by == "done"
    assert len(model.requests) == 8


def test_an_aborted_draw_is_in_the_bill_of_the_run_that_dropped_it(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        nodes = run.sample(problem, n=4)
        [chosen] = await run.first(nodes)
        run.drop(nodes)
        return chosen

    book = MemoryJournal(job="lab")
    result = lab.run(lab.solve(solve, lab.Slow(lab.scripted(LINES)), journal=book))
    assert result.billed.calls == 4
    assert total(lab.rows(book, SettledRow), "billed") == result.billed


def test_draws_of_one_prompt_pay_for_it_once_where_the_backend_bills_so(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        return (await run.all(run.sample(problem, n=4)))[0]

    model = lab.scripted(LINES)
    prompt = model.count_prompt(lab.session(model) and (), "") + 5
    model._capabilities = lab.capabilities(coalesce=True, bills_prompt_once=True)
    result = lab.run(lab.solve(solve, model))
    assert (result.usage.prompt_tokens, len(model.requests)) == (prompt, 1)
    assert result.billed.prompt_tokens == prompt
