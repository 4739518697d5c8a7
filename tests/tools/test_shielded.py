"""Foreign code is left, whatever it does."""

from __future__ import annotations

import asyncio

import pytest

from tts.tools.shielded import shielded


async def deaf() -> None:
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            continue


async def immortal() -> None:
    while True:
        try:
            await asyncio.sleep(1000)
        except BaseException:  # noqa: BLE001, S112 — the worst that foreign code can do
            continue


async def left(foreign: asyncio.Task[None]) -> set[asyncio.Task[object]]:
    """Tasks that the loop still knows once the caller is gone."""
    with pytest.raises(asyncio.CancelledError):
        await foreign
    await asyncio.sleep(0)
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [deaf, immortal])
def test_code_that_ignores_its_cancellation_is_left_after_its_grace(
    lab: object, code: object
) -> None:
    async def cancelled() -> set[asyncio.Task[object]]:
        task = asyncio.create_task(shielded(code(), grace=0.5))  # type: ignore[operator]
        await asyncio.sleep(1)
        task.cancel()
        return await left(task)

    assert lab.run(cancelled()) == set()  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [deaf, immortal])
def test_a_second_cancellation_cuts_the_grace_short(lab: object, code: object) -> None:
    async def cancelled_twice() -> float:
        task = asyncio.create_task(shielded(code(), grace=500))  # type: ignore[operator]
        for _ in range(2):
            await asyncio.sleep(1)
            task.cancel()
        assert await left(task) == set()
        return asyncio.get_running_loop().time()

    assert lab.run(cancelled_twice()) == 2  # type: ignore[attr-defined]
