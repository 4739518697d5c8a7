"""Law 2: which calls are the same call."""

from __future__ import annotations

import asyncio
from typing import Any

from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import CallRow, SettledRow, UseRow
from tts.strategies import MajorityVote

LINES = [f"{i} \\boxed{{{i}}}" for i in range(64)]


def test_best_of_sixty_four_begins_with_the_draws_of_best_of_sixteen(lab: Any) -> None:
    book, model = MemoryJournal(job="lab"), lab.scripted(LINES)
    few = lab.run(lab.solve(MajorityVote(n=16), model, journal=book))
    many = lab.run(lab.solve(MajorityVote(n=64), model, journal=book))
    keys = [[kept.candidate.key for kept in result.candidates] for result in (few, many)]
    assert keys[1][:16] == keys[0] and len(set(keys[1])) == 64
    assert len(model.requests) == 64
    assert (many.usage.calls, many.billed.calls) == (64, 48)


def test_greedy_draws_are_one_call(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        drawn = await run.all(run.sample(problem, n=3, temperature=0.0))
        assert len({draft.key for draft in drawn}) == 1

    model = lab.Slow(lab.scripted(LINES))
    result = lab.run(lab.solve(solve, model))
    assert len(model.requests) == 1
    assert (result.usage.calls, result.billed.calls) == (3, 1)


def test_two_equal_particles_never_get_the_same_draw(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        [draft] = await run.all(run.sample(problem, until="step"))
        twins = run.sample(draft, n=2) + run.sample(draft, n=2)
        assert len({twin.key for twin in await run.all(twins)}) == 4

    lab.run(lab.solve(solve, lab.scripted(["a\n\nb", "c", "d", "e"])))


def test_equal_texts_drawn_apart_are_continued_apart(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        first, second = await run.all(run.sample(problem, n=2, until="step"))
        assert first.text == second.text
        children = await run.all(run.sample(first) + run.sample(second))
        assert children[0].key != children[1].key

    lab.run(lab.solve(solve, lab.words(lambda *_: "same\n\nrest")))


def test_a_spawned_run_draws_its_own(lab: Any) -> None:
    async def child(problem: Any, *, run: Any) -> str:
        return str((await run.sample(problem)[0]).key)

    async def solve(problem: Any, run: Any) -> None:
        own = (await run.sample(problem)[0]).key
        spawned = [await run.spawn(child, problem), await run.spawn(child, problem)]
        assert len({own, *spawned}) == 3

    lab.run(lab.solve(solve, lab.scripted(LINES)))


def test_another_replicate_gets_other_draws(lab: Any) -> None:
    book, model = MemoryJournal(job="lab"), lab.scripted(LINES)
    for replicate in (0, 1):
        lab.run(lab.solve(MajorityVote(n=2), model, journal=book, replicate=replicate))
    assert len(model.requests) == 4


def test_a_finished_call_is_never_made_again(lab: Any) -> None:
    book, model = MemoryJournal(job="lab"), lab.scripted(LINES)
    first = lab.run(lab.solve(MajorityVote(n=8), model, journal=book))
    again = lab.run(lab.solve(MajorityVote(n=8), model, journal=lab.again(book)))
    assert len(model.requests) == 8
    assert (again.answer, again.usage) == (first.answer, first.usage)
    assert again.billed.calls == 0


def test_concurrent_runs_share_a_request_that_is_billed_once_and_attributed_twice(lab: Any) -> None:
    book, model = MemoryJournal(job="lab"), lab.Slow(lab.scripted(LINES), fixed=1.0)

    async def both() -> Any:
        job = Job(lab.session(model), name="lab", journal=book, leases=MemoryLeases())
        async with job:
            runs = [job.solve(lab.problem, MajorityVote(n=n)) for n in (4, 6)]
            return await asyncio.gather(*runs)

    few, many = lab.run(both())
    assert (len(model.requests), few.usage.calls, many.usage.calls) == (6, 4, 6)
    assert few.billed.calls + many.billed.calls == 6
    assert [len(lab.rows(book, kind)) for kind in (CallRow, SettledRow, UseRow)] == [6, 6, 10]


def test_a_draw_that_one_run_drops_still_reaches_another_that_wants_it(lab: Any) -> None:
    model = lab.Slow(lab.scripted(LINES), fixed=1.0)

    async def fickle(problem: Any, run: Any) -> None:
        nodes = run.sample(problem, n=1)
        await asyncio.sleep(0.5)
        run.drop(nodes)

    async def patient(problem: Any, run: Any) -> Any:
        await asyncio.sleep(0.5)
        return await run.sample(problem)[0]

    async def both() -> Any:
        job = Job(
            lab.session(model), name="lab", journal=MemoryJournal(job="lab"), leases=MemoryLeases()
        )
        async with job:
            told = [lab.Told(fickle, which=0), lab.Told(patient, which=1)]
            return await asyncio.gather(*(job.solve(lab.problem, one) for one in told))

    assert lab.run(both())[1].stopped_by == "done"
