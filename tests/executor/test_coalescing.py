"""Law 7: draws submitted together travel together, and stay draws of their own."""

from __future__ import annotations

import asyncio
from typing import Any

from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import CallRow
from tts.strategies import MajorityVote

LINES = [f"{i} \\boxed{{{i}}}" for i in range(64)]


def coalescing(lab: Any) -> Any:
    model = lab.scripted(LINES)
    model._capabilities = lab.capabilities(coalesce=True)
    return model


def test_one_request_carries_every_draw_under_its_own_key(lab: Any) -> None:
    books = [MemoryJournal(job="lab"), MemoryJournal(job="lab")]
    model, single = coalescing(lab), lab.scripted(LINES)
    together = lab.run(lab.solve(MajorityVote(n=8), model, journal=books[0]))
    apart = lab.run(lab.solve(MajorityVote(n=8), single, journal=books[1]))
    assert (len(model.requests), len(single.requests)) == (1, 8)
    keys = [{row.key for row in lab.rows(book, CallRow)} for book in books]
    assert keys[0] == keys[1] and together.candidates == apart.candidates


def test_greedy_draws_of_one_sample_are_one_seat_of_the_request(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        return (await run.all(run.sample(problem, n=4, temperature=0.0)))[3]

    model = coalescing(lab)
    assert lab.run(lab.solve(solve, model)).answer == "0"
    assert [len(request.seeds) for request in model.requests] == [1]


def test_only_draws_that_are_not_there_yet_travel(lab: Any) -> None:
    book, model = MemoryJournal(job="lab"), coalescing(lab)
    for n in (4, 10):
        lab.run(lab.solve(MajorityVote(n=n), model, journal=book))
    assert [len(request.seeds) for request in model.requests] == [4, 6]


def test_two_runs_that_gather_the_same_draws_send_them_once(lab: Any) -> None:
    model = lab.Slow(coalescing(lab), fixed=1.0)

    async def both() -> Any:
        book = MemoryJournal(job="lab")
        job = Job(lab.session(model), name="lab", journal=book, leases=MemoryLeases())
        async with job:
            runs = [job.solve(lab.problem, MajorityVote(n=n)) for n in (4, 6)]
            return await asyncio.gather(*runs)

    results = lab.run(both())
    assert sorted(len(request.seeds) for request in model.requests) == [2, 4]
    assert [len(result.candidates) for result in results] == [4, 6]


def test_the_request_goes_on_while_one_of_its_draws_is_wanted(lab: Any) -> None:
    model = lab.Slow(coalescing(lab), fixed=10.0)

    async def solve(problem: Any, run: Any) -> Any:
        nodes = run.sample(problem, n=3)
        await asyncio.sleep(1)
        run.drop(nodes[:2])
        return await nodes[2]

    assert lab.run(lab.solve(solve, model)).answer == "2"
    assert model.cancelled == 0


def test_the_request_is_aborted_when_no_draw_is_wanted(lab: Any) -> None:
    model = lab.Slow(coalescing(lab), fixed=10.0)

    async def solve(problem: Any, run: Any) -> Any:
        nodes = run.sample(problem, n=3)
        await asyncio.sleep(1)
        run.drop(nodes)
        return lab.answer

    lab.run(lab.solve(solve, model))
    assert (model.cancelled, model.open) == (1, 0)
