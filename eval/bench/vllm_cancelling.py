"""How fast cancelled draws give their slots back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

from tts.backends.vllm import VLLMGenerator
from tts.eval.bench.row import Row, at_most
from tts.protocols import GenerateRequest, Meter
from tts.values import Message, Sampling

DRAWS, CANCELLED = 60, 54
_PATIENCE = 60.0


async def cancelling_row(endless: VLLMGenerator) -> Row:
    """Bar (c): seconds until the core's batch holds only what was not cancelled."""
    load = endless.engine.load
    assert load is not None
    tasks = [asyncio.create_task(_drawn(endless, seed)) for seed in range(DRAWS)]
    await _until(lambda: load.running == DRAWS)
    for task in tasks[:CANCELLED]:
        task.cancel()
    seconds = await _until(lambda: load.running == DRAWS - CANCELLED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return at_most(
        f"cancelling {CANCELLED} of {DRAWS} running draws, until their slots are free",
        seconds,
        "s",
        bar=1.0,
    )


async def _drawn(endless: VLLMGenerator, seed: int) -> None:
    request = GenerateRequest(
        messages=(Message("user", "Compute 1 + 1."),),
        sampling=Sampling(max_tokens=1000),
        seeds=(seed,),
    )
    await endless.generate(request, Meter())


async def _until(reached: Callable[[], bool]) -> float:
    started = perf_counter()
    while not reached():
        if perf_counter() - started > _PATIENCE:
            raise TimeoutError("The engine's batch did not become what it should.")
        await asyncio.sleep(0.005)
    return perf_counter() - started
