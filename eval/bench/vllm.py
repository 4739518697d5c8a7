"""`vllm`: the embedded folders in real vLLM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.backends.openai_http import HTTPGenerator
from tts.backends.vllm import EngineLoad, VLLMGenerator, VLLMHeadReader, vllm_installed
from tts.backends.vllm.server import vllm_server
from tts.eval.bench.report import NeedsData, Row, at_most, exactly, figure
from tts.eval.bench.vllm_throughput import (
    KV_BYTES,
    beam_row,
    best_of_n_row,
    embedded_settings,
    endless_folder,
    offline,
    prompt_ids,
    scoring_rows,
    seeded_row,
    through_engine,
)
from tts.eval.problems import load_problems
from tts.protocols import GenerateRequest, Generator, Meter
from tts.values import Capabilities, Completion, Message, Model, Problem, Sampling

PROBLEMS = "arithmetic:n=32,seed=7"
_CAN = Capabilities(n=True, prefill=True, logprobs=True, seed=True, keeps_stop=True)
_SERVED = ("--dtype", "float32", "--kv-cache-memory-bytes", str(KV_BYTES), "--block-size", "32")


def vllm() -> list[Row]:
    """Throughput, beam search, incremental scoring, cancellation and equal texts."""
    if not vllm_installed():
        raise NeedsData("This benchmark needs vLLM: run it where `make test-vllm` installed it.")
    return asyncio.run(_measured())


async def _measured() -> list[Row]:
    problems = load_problems(PROBLEMS)
    generator = await VLLMGenerator.open(embedded_settings("small"), load=EngineLoad())
    try:
        ours = await through_engine(VLLMGenerator(generator.engine, seeded=False), problems)
        seeded = await through_engine(generator, problems)
        prompts = prompt_ids(generator, problems)
        texts = await _texts(generator)
        searched = await _searched(generator)
    finally:
        await generator.close()
    bare, bare_seeded = await asyncio.to_thread(offline, embedded_settings("small"), prompts)
    sampled = [best_of_n_row(ours, bare), seeded_row(seeded, bare_seeded)]
    return [*sampled, *searched, await _cancelled(), *texts]


async def _searched(generator: VLLMGenerator) -> list[Row]:
    reader = await VLLMHeadReader.open(embedded_settings("prm", runner="pooling"))
    try:
        problems = load_problems(PROBLEMS)
        return [await beam_row(generator, reader, problems), *await scoring_rows(reader)]
    finally:
        await reader.close()


async def _cancelled() -> Row:
    with TemporaryDirectory() as name:
        folder = endless_folder(Path(name) / "endless")
        settings = embedded_settings("small", path=str(folder), eager=True)
        endless = await VLLMGenerator.open(settings, load=EngineLoad())
        try:
            return await cancelling_row(endless)
        finally:
            await endless.close()


async def _texts(generator: VLLMGenerator) -> list[Row]:
    embedded = EmbeddedGenerator(EmbeddedModel.shipped("small"))
    async with vllm_server(str(model_folder("small")), *_SERVED) as url:
        model = Model(name="served", context_length=1024)
        server = HTTPGenerator(model, base_url=url, dialect="vllm", capabilities=_CAN)
        try:
            others: dict[str, Generator] = {"in process": generator, "server": server}
            return await text_rows(embedded, others, load_problems(PROBLEMS))
        finally:
            await server.close()
            await embedded.close()


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


TIE = 1e-4
"""Best log-probabilities nearer than this may be swapped by rounding."""


async def text_rows(
    embedded: Generator, others: dict[str, Generator], problems: Sequence[Problem]
) -> list[Row]:
    """Bar (d): greedy texts that differ although there was no tie, and the ties, per home."""
    reference = [await _greedy(embedded, one) for one in problems]
    rows: list[Row] = []
    for name, generator in others.items():
        drawn = [await _greedy(generator, one) for one in problems]
        pairs = [(a, b) for a, b in zip(reference, drawn, strict=True) if a.text != b.text]
        ties = sum(_gap(a, b) < TIE for a, b in pairs)
        rows += [
            exactly(f"{name}, greedy texts that differ", len(pairs) - ties, "texts", bar=0),
            figure(f"{name}, greedy texts that a tie decided", ties, "texts"),
        ]
    return rows


async def _greedy(generator: Generator, problem: Problem) -> Completion:
    request = GenerateRequest(
        messages=(Message("user", problem.prompt),),
        sampling=Sampling(temperature=0.0, max_tokens=160, logprobs=2),
        seeds=(0,),
    )
    (completion,) = (await generator.generate(request, Meter())).completions
    assert completion is not None
    return completion


def _gap(left: Completion, right: Completion) -> float:
    """How far apart the two best tokens were where the texts part."""
    for a, b, report in zip(left.token_ids, right.token_ids, left.logprobs, strict=False):
        if a != b:
            return report.top[0][1] - report.top[1][1]
    return inf
