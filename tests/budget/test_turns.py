"""What comes in blocks is handed out in turn, to all whom a block suffices for at once."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.budget import Turns


class Blocks(Turns[int]):
    """Room for `size` at a time; making it takes a turn of the loop, or fails."""

    def __init__(self, size: int = 4, *, fails: int = 0) -> None:
        super().__init__()
        self.size, self.fails = size, fails
        self.room = self.made = self.making = 0

    def take(self, needs: int) -> bool:
        if needs > self.room:
            return False
        self.room -= needs
        return True

    def put(self, needs: int) -> None:
        self.room += needs

    async def make_room(self, needs: int) -> None:
        assert self.making == 0
        self.making += 1
        try:
            await asyncio.sleep(0)
        finally:
            self.making -= 1
        if self.fails:
            self.fails -= 1
            raise OSError("no block")
        self.made += self.size
        self.room += self.size


async def taken(blocks: Blocks, needs: int, order: list[int], name: int) -> None:
    await blocks.in_turn(needs)
    order.append(name)


def test_a_block_serves_all_whom_it_suffices_for_in_their_order() -> None:
    async def main() -> None:
        blocks, order = Blocks(100), list[int]()
        async with asyncio.TaskGroup() as group:
            for name in range(100):
                group.create_task(taken(blocks, 1, order, name))
        assert order == list(range(100))
        assert blocks.made == 100

    asyncio.run(main())


def test_nobody_overtakes_one_who_waits() -> None:
    async def main() -> None:
        blocks = Blocks()
        blocks.room = 2
        waiting = asyncio.create_task(blocks.in_turn(3))
        await asyncio.sleep(0)
        assert not blocks.in_turn_nowait(1)
        await waiting
        assert blocks.in_turn_nowait(1)

    asyncio.run(main())


def test_an_error_of_making_room_is_that_of_the_first_and_the_next_one_tries() -> None:
    async def main() -> Any:
        blocks = Blocks(fails=1)
        return await asyncio.gather(blocks.in_turn(1), blocks.in_turn(1), return_exceptions=True)

    failed, served = asyncio.run(main())
    assert isinstance(failed, OSError)
    assert served is None


@given(seed=st.integers(0, 10**9), count=st.integers(1, 30))
def test_whoever_is_cancelled_has_taken_nothing_and_the_others_are_served(
    seed: int, count: int
) -> None:
    chance = Random(seed)

    async def main() -> None:
        blocks, order = Blocks(5), list[int]()
        needs = [chance.randint(1, 9) for _ in range(count)]
        tasks = [asyncio.create_task(taken(blocks, need, order, i)) for i, need in enumerate(needs)]
        for _ in range(chance.randint(0, 12)):
            await asyncio.sleep(0)
            chance.choice(tasks).cancel()
        await asyncio.wait(tasks)
        assert order == sorted(order)
        assert set(order) == {i for i, task in enumerate(tasks) if not task.cancelled()}
        assert blocks.made - blocks.room == sum(needs[i] for i in order)
        assert blocks.waiting == 0

    asyncio.run(main())


@pytest.mark.parametrize("cancelled", [0, 1])
def test_the_one_behind_a_cancelled_one_makes_room(cancelled: int) -> None:
    async def main() -> None:
        blocks = Blocks()
        tasks = [asyncio.create_task(blocks.in_turn(2)) for _ in range(2)]
        await asyncio.sleep(0)
        tasks[cancelled].cancel()
        await asyncio.wait(tasks)
        assert not tasks[1 - cancelled].cancelled()

    asyncio.run(main())
