"""One trial: `python -m tts.eval.tune.trial_process REQUEST RESULT`, two JSON files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import msgspec

from tts.backends.vllm import VLLMGenerator, VLLMHeadReader, VLLMSettings
from tts.backends.vllm.engine import VLLMEngine
from tts.engine import SessionOptions
from tts.engine.model_spec import ModelSpec
from tts.engine.open_vllm import OPTIONS, PRM_OPTIONS, prm_loading, settings
from tts.eval.tune.request import TrialRequest
from tts.eval.tune.space import engine_values
from tts.eval.tune.trial import Measured
from tts.eval.tune.workload import draw, read

Work = Callable[[int], Awaitable[int]]
"""Runs the workload for the given turn; returns its tokens."""


async def measured(asked: TrialRequest) -> Measured:
    """Load the model with the setting, warm up, and measure; raises where vLLM refuses it."""
    if asked.workload == "prm":
        return await _of_reader(asked)
    spec = ModelSpec.parse(asked.model, known=OPTIONS)
    options = SessionOptions(model=f"vllm:{asked.model}")
    generator = await VLLMGenerator.open(_set(settings(spec, options), asked))
    try:
        work = lambda turn: draw(asked.workload, generator, problems=asked.problems, turn=turn)
        return await rates(work, generator.engine, asked.repeats)
    finally:
        await generator.close()


async def _of_reader(asked: TrialRequest) -> Measured:
    spec = ModelSpec.parse(asked.model, known=PRM_OPTIONS)
    options = SessionOptions(model="embedded:small", verifier=f"vllm-prm:{asked.model}")
    loading = prm_loading(spec, options)
    reader = await VLLMHeadReader.open(_set(loading.settings, asked))
    try:
        work = lambda turn: read(
            reader, loading.tokenizer.encode, problems=asked.problems, turn=turn
        )
        return await rates(work, reader.engine, asked.repeats)
    finally:
        await reader.close()


async def rates(work: Work, engine: VLLMEngine, repeats: int) -> Measured:
    """Tokens per second of each repeat; the first turn warms up and is not counted."""
    await work(0)
    found: list[float] = []
    for turn in range(1, repeats + 1):
        await engine.llm.reset_prefix_cache()
        started = perf_counter()
        tokens = await work(turn)
        found.append(tokens / (perf_counter() - started))
    return Measured(rates=tuple(found))


def _set(chosen: VLLMSettings, asked: TrialRequest) -> VLLMSettings:
    return replace(chosen, extra={**chosen.extra, **engine_values(asked.point)})


def main(request: str, result: str) -> None:
    """Read a request, measure, and write what was measured."""
    asked = msgspec.json.decode(Path(request).read_bytes(), type=TrialRequest)
    Path(result).write_bytes(msgspec.json.encode(asyncio.run(measured(asked))))


if __name__ == "__main__":
    main(*sys.argv[1:])
