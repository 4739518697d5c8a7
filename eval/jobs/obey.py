"""A running comparison does what its job is told: go on otherwise, pause, end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from tts.engine import Job
from tts.ledger.controls import Controls, Orders, Submission
from tts.values import Dimension

EVERY = 0.5
"""Seconds between two looks at the orders."""
PATIENCE = 30.0
"""Seconds that calls in flight have to end once a job is paused; they are paid for already."""


class Halted(msgspec.Struct):
    """Why a comparison was cut short by an order; empty: it was not."""

    reason: str = ""


@asynccontextmanager
async def obeying(controls: Controls | None, job: Job) -> AsyncIterator[Halted]:
    """Around the work of a job: its orders are looked at again and again.

    One that ends the work drains what is in flight and cancels the task that entered here.
    """
    halted, task = Halted(), asyncio.current_task()
    assert task is not None
    if controls is None:
        yield halted
        return
    found = await _told(controls, job)
    if found is not None:
        _retune(job, found.orders)
    watcher = asyncio.create_task(_watch(controls, job, found, halted, task))
    try:
        yield halted
    finally:
        watcher.cancel()


async def _watch(
    controls: Controls,
    job: Job,
    known: Submission | None,
    halted: Halted,
    work: asyncio.Task[object],
) -> None:
    while not halted.reason:
        await asyncio.sleep(EVERY)
        found = await _told(controls, job)
        if found is not None and (known is None or found.version != known.version):
            known = found
            halted.reason = await _obey(job, found.orders)
    await job.drain(PATIENCE)
    work.cancel()


async def _told(controls: Controls, job: Job) -> Submission | None:
    return await asyncio.to_thread(controls.find, job.name)


async def _obey(job: Job, orders: Orders) -> str:
    """Do what was ordered; the reason why the work has to stop for it, if it has."""
    if orders.wish == "pause":
        return "paused"
    if orders.wish == "cancel":
        return "cancelled"
    _retune(job, orders)
    ceilings = orders.wallet.ceilings if orders.wallet is not None else job.wallet.ceilings
    if {*ceilings} != {*job.wallet.ceilings}:
        return "given another wallet"
    if ceilings != job.wallet.ceilings:
        await job.wallet.retune(ceilings)
    return ""


def _retune(job: Job, orders: Orders) -> None:
    rates: dict[Dimension, float] = {}
    if orders.requests_per_minute is not None:
        rates["calls"] = orders.requests_per_minute
    if orders.tokens_per_minute is not None:
        rates["tokens"] = orders.tokens_per_minute
    job.retune(orders.concurrency, rates)
