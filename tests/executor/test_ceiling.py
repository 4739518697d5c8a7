"""Near the cap a draw is sent with what is left: the cap is used, and nothing depends on timing."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import CallRow, OutcomeRow, UseRow
from tts.strategies import BestOfN, MajorityVote
from tts.values import Budget, Model, Result, Sampling

MOST = 200
"""Most tokens of a draw, its worst case."""
FORCED = 48
SAMPLING = Sampling(max_tokens=MOST)


def texts(length: Any) -> Any:
    """Draws of so many words, by index; every third one has another answer."""
    return lambda _, __, index: "so " * (length(index) - 1) + f"\\boxed{{{4 + (index % 3 == 0)}}}"


def vote(lab: Any, length: Any, cap: int, *, n: int = 1024, pace: int = 0, **how: Any) -> Result:
    model = lab.Slow(lab.words(texts(length)), shuffle=pace)
    budget = Budget(completion_tokens=cap)
    result: Result = lab.run(
        lab.solve(MajorityVote(n=n), model, budget=budget, sampling=SAMPLING, **how)
    )
    return result


def test_a_vote_that_worst_cases_would_stop_early_gets_every_draw_it_can_pay(lab: Any) -> None:
    result = vote(lab, lambda _: 2, 300, n=128)
    assert (result.stopped_by, len(result.candidates)) == ("done", 128)


@settings(max_examples=25)
@given(longest=st.integers(1, 3), seed=st.integers(0, 10**6), paces=st.tuples(*[st.integers()] * 2))
def test_nine_tenths_of_a_cap_are_used_where_draws_are_a_hundredth_of_their_worst_case(
    lab: Any, longest: int, seed: int, paces: tuple[int, int]
) -> None:
    cap = MOST * 3 // 2

    def length(index: int) -> int:
        return Random(f"{seed}{index}").randint(1, longest)

    first, second = (vote(lab, length, cap, pace=pace) for pace in paces)
    assert 0.9 * cap <= first.usage.completion_tokens <= cap
    assert (first.usage, first.candidates) == (second.usage, second.candidates)


def test_dollars_are_used_as_tokens_are(lab: Any) -> None:
    model = lab.words(texts(lambda _: 2), model=Model(name="gpt-5-mini"))
    budget = Budget(nanodollars=600_000)
    result = lab.run(lab.solve(MajorityVote(n=1024), model, budget=budget, sampling=SAMPLING))
    assert 0.9 * 600_000 <= result.usage.nanodollars <= 600_000


def scattered(index: int) -> int:
    """Mostly short; the 30th draw is long, and the cap below has room for a part of it only."""
    return 150 if index == 29 else 5


CAP = 29 * 5 + 120


def test_a_text_that_the_budget_cut_is_kept_and_charged_and_does_not_vote(lab: Any) -> None:
    result = vote(lab, scattered, CAP)
    [*whole, cut] = [kept.candidate for kept in result.candidates]
    assert all(one.final for one in whole) and len(whole) == 29
    assert (cut.finish_reason, cut.completion_tokens, cut.answer) == ("length", 120, None)
    assert (result.stopped_by, result.usage.completion_tokens) == ("budget", CAP)


def test_where_lengths_so_far_make_what_is_left_too_short_the_draw_is_refused(lab: Any) -> None:
    result = vote(lab, lambda _: 70, MOST + 60)
    assert [kept.candidate.completion_tokens for kept in result.candidates] == [70, 70]
    assert result.stopped_by == "budget"


def test_without_a_draw_that_came_nothing_is_known_and_nothing_is_shortened(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    vote(lab, lambda _: MOST, MOST + FORCED, journal=book)
    assert not [row for row in lab.rows(book, OutcomeRow) if row.kind == "ceiling"]


async def together(lab: Any, strategies: Any, pace: int) -> tuple[list[Result], MemoryJournal]:
    """Several strategies of one job at once, each under its budget."""
    book = MemoryJournal(job="lab")
    await book.load(lab.problem.id)
    model = lab.Slow(lab.words(texts(scattered)), shuffle=pace)
    session = lab.session(model, sampling=SAMPLING, scores=0.5)
    job = Job(session, name="lab", journal=book, leases=MemoryLeases())
    async with job:
        found = await asyncio.gather(
            *(job.solve(lab.problem, strategy, budget) for strategy, budget in strategies)
        )
    return found, book


BESIDE = [
    (MajorityVote(n=1024), Budget(completion_tokens=CAP)),
    (MajorityVote(n=40), Budget()),
    (BestOfN(n=64), Budget(completion_tokens=CAP + 90)),
    (MajorityVote(n=30), Budget(completion_tokens=CAP + 1)),
]


def told(result: Result) -> Any:
    return result.answer, result.usage, result.candidates, result.stopped_by


@pytest.mark.parametrize("pace", range(8))
def test_strategies_that_share_draws_are_each_what_they_are_alone(lab: Any, pace: int) -> None:
    found, book = lab.run(together(lab, BESIDE, pace))
    alone = [lab.run(together(lab, [one], 0))[0][0] for one in BESIDE]
    assert [told(one) for one in found] == [told(one) for one in alone]
    keys = [row.key for row in lab.rows(book, CallRow)]
    assert len(keys) == len(set(keys)) and {row.key for row in lab.rows(book, UseRow)} <= set(keys)


def test_a_draw_that_ended_under_a_lower_ceiling_serves_whoever_asks_for_all_of_it(
    lab: Any,
) -> None:
    (short, whole), book = lab.run(together(lab, BESIDE[:2], 1))
    drawn = {kept.candidate.key for kept in short.candidates if kept.candidate.final}
    assert drawn <= {kept.candidate.key for kept in whole.candidates}
    rows = [row for row in lab.rows(book, CallRow) if row.role == "sample"]
    assert len(rows) == 40 + 1, "only the one that was cut is drawn again"
