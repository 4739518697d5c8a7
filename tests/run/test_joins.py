"""Joins: what timing decides is written down before anything that depends on it is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import BadRequest, CallFailed, Dropped, StrategyError, UsageError
from tts.ledger import MemoryJournal
from tts.protocols import IntentRow, OutcomeRow
from tts.values import Budget

LINES = [f"{i} \\boxed{{{i}}}" for i in range(64)]


def is_join(row: Any) -> bool:
    return isinstance(row, OutcomeRow) and row.kind == "join"


async def first_two(problem: Any, run: Any) -> Any:
    nodes = run.sample(problem, n=6)
    chosen = await run.first(nodes, k=2)
    run.drop(nodes)
    return await run.sample(chosen[0])[0]


def test_first_is_journalled_before_its_dependants_are_sent(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    lab.run(lab.solve(first_two, lab.Slow(lab.scripted(LINES)), journal=book))
    kinds = [row for row in book.rows if isinstance(row, IntentRow) or is_join(row)]
    assert [is_join(row) for row in kinds] == [False] * 6 + [True, False]


def test_a_replay_of_first_gives_the_same_members_and_sends_nothing(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    model = lab.Slow(lab.scripted(LINES), shuffle=3)
    live = lab.run(lab.solve(first_two, model, journal=book))
    quiet = lab.words(lambda *_: BadRequest("nothing new may be sent"))
    again = lab.run(lab.solve(first_two, lab.Slow(quiet, shuffle=8), journal=lab.again(book)))
    assert (again.candidate, again.usage) == (live.candidate, live.usage)
    assert quiet.requests == []


def test_a_replay_of_arrivals_repeats_the_recorded_order(lab: Any) -> None:
    orders: list[list[str]] = []

    async def solve(problem: Any, run: Any) -> None:
        nodes = run.sample(problem, n=6)
        orders.append([(await node).text async for node in run.arrivals(nodes)])

    book = MemoryJournal(job="lab")
    for shuffle in (1, 2):
        model = lab.Slow(lab.scripted(LINES), shuffle=shuffle)
        lab.run(lab.solve(solve, model, journal=lab.again(book) if shuffle == 2 else book))
    assert orders[0] == orders[1] and orders[0] != sorted(orders[0])


def test_all_gives_successes_in_submission_order_and_the_failed_apart(lab: Any) -> None:
    lines = [BadRequest("odd") if i % 2 else f"{i}" for i in range(6)]

    async def solve(problem: Any, run: Any) -> None:
        nodes = run.sample(problem, n=6)
        drafts = await run.all(nodes)
        assert [draft.text for draft in drafts] == ["0", "2", "4"]
        assert [node for node, _ in drafts.failed] == nodes[1::2]
        assert await run.all([]) == []

    lab.run(lab.solve(solve, lab.Slow(lab.scripted(lines))))


def test_first_takes_those_that_qualify_and_those_that_agree(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        nodes = [run.call(int, i) for i in (1, 2, 3, 2, 5)]
        assert await run.first(nodes, where=lambda value: value > 2) == [3]
        assert await run.first(nodes, k=2, agree=lambda value: value) == [2, 2]
        assert await run.first(nodes, k=9) == [1, 2, 3, 2, 5]
        assert await run.first([]) == []

    lab.run(lab.solve(solve))


@pytest.mark.parametrize("broken", ["where", "agree"])
def test_a_condition_that_raises_fails_its_join_and_hangs_nothing(lab: Any, broken: str) -> None:
    def raising(_: Any) -> Any:
        raise ZeroDivisionError("oh")

    async def solve(problem: Any, run: Any) -> None:
        with pytest.raises(StrategyError, match="ZeroDivisionError"):
            await run.first([run.call(int, 1), run.call(int, 2)], **{broken: raising})

    lab.run(lab.solve(solve))


def test_a_drop_reaches_the_backend_and_fails_what_depends_on_it(lab: Any) -> None:
    model = lab.Slow(lab.scripted(LINES), fixed=60.0)

    async def solve(problem: Any, run: Any) -> None:
        [node] = run.sample(problem)
        after = run.call(len, node)
        await asyncio.sleep(1)
        run.drop([node])
        with pytest.raises(Dropped):
            await after

    lab.run(lab.solve(solve, model))
    assert (model.cancelled, model.open) == (1, 0)


def test_dropping_a_spawned_run_ends_its_coroutine_and_its_calls(lab: Any) -> None:
    model = lab.Slow(lab.scripted(LINES), fixed=1.0)

    async def endless(problem: Any, *, run: Any) -> None:
        while True:
            await run.all(run.sample(problem, n=2))

    async def solve(problem: Any, run: Any) -> None:
        node = run.spawn(endless, problem)
        await asyncio.sleep(3.5)
        run.drop([node])
        await asyncio.sleep(20)

    lab.run(lab.solve(solve, model))
    assert (len(model.requests), model.open) == (6, 0)


def test_nothing_of_a_run_goes_on_once_it_has_ended(lab: Any) -> None:
    model = lab.Slow(lab.scripted(LINES), fixed=1.0)

    async def endless(problem: Any, *, run: Any) -> None:
        while True:
            await run.all(run.sample(problem, n=2))

    async def solve(problem: Any, run: Any) -> None:
        run.spawn(endless, problem)
        await asyncio.sleep(3.5)

    result = lab.run(lab.solve(solve, model))
    assert (len(model.requests), result.billed.calls) == (6, 8)


def test_a_child_gets_its_share_and_returns_what_it_leaves(lab: Any) -> None:
    tool = lab.Tool(cost=4, most=10, effect="pure", random=True)
    left: list[int] = []

    async def child(*, run: Any) -> None:
        await run.all([run.call(tool, i) for i in range(5)])

    async def solve(problem: Any, run: Any) -> None:
        before = run.left["prompt_tokens"]
        await run.spawn(child, share=0.5)
        left.append(before - run.left["prompt_tokens"])

    ceiling = Budget(prompt_tokens=400)
    result = lab.run(lab.solve(solve, budget=ceiling))
    assert result.error is None
    assert left == [result.usage.prompt_tokens] == [20]


def test_shares_wait_for_room_instead_of_being_refused(lab: Any) -> None:
    tool = lab.Tool(cost=1, most=10, seconds=1.0, random=True)

    async def child(*, run: Any) -> Any:
        return await run.call(tool, 1)

    async def solve(problem: Any, run: Any) -> None:
        assert len(await run.all([run.spawn(child, share=0.6) for _ in range(4)])) == 4

    assert lab.run(lab.solve(solve, budget=Budget(prompt_tokens=300))).stopped_by == "done"


def test_a_call_behind_a_child_does_not_lock_the_childs_own_calls_out(lab: Any) -> None:
    tool = lab.Tool(cost=10, most=60, random=True, seconds=1.0)
    big = lab.Tool("big", cost=1, most=120)

    async def child(*, run: Any) -> None:
        for i in range(10):
            await run.call(tool, i)

    async def solve(problem: Any, run: Any) -> None:
        await run.call(big, run.spawn(child))

    result = lab.run(lab.solve(solve, budget=Budget(prompt_tokens=300)))
    assert (result.stopped_by, result.usage.prompt_tokens) == ("done", 101)


def test_a_child_that_uses_its_share_up_fails_as_a_call_would(lab: Any) -> None:
    tool = lab.Tool(cost=10, most=10, random=True)

    async def child(*, run: Any) -> None:
        await run.all([run.call(tool, i) for i in range(99)])

    async def solve(problem: Any, run: Any) -> None:
        with pytest.raises(CallFailed, match="used up its share"):
            await run.spawn(child, share=0.3)
        return lab.answer

    assert lab.run(lab.solve(solve, budget=Budget(prompt_tokens=300))).stopped_by == "done"


def test_a_streamed_draw_comes_whole_and_in_order(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        [node] = run.sample(problem)
        text = "".join([piece async for piece in run.stream(node)])
        assert text == (await node).text == LINES[0]

    lab.run(lab.solve(solve, lab.scripted(LINES)))


def test_scoring_without_a_verifier_says_what_to_do(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        object.__setattr__(run.settings, "verifier", None)
        run.score(run.sample(problem)[0])

    with pytest.raises(UsageError, match="give the engine a verifier"):
        lab.run(lab.solve(solve))
