"""`vllm`: the embedded folders in real vLLM."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tts.backends.embedded.backend import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.backends.openai_http import HTTPGenerator
from tts.backends.vllm import EngineLoad, VLLMGenerator, VLLMHeadReader, vllm_installed
from tts.backends.vllm.server_process import vllm_server
from tts.eval.bench.needs_data import NeedsData
from tts.eval.bench.row import Row
from tts.eval.bench.vllm_cancelling import cancelling_row
from tts.eval.bench.vllm_folders import KV_BYTES, embedded_settings, endless_folder
from tts.eval.bench.vllm_sampling import (
    best_of_n_row,
    offline,
    prompt_ids,
    seeded_row,
    through_engine,
)
from tts.eval.bench.vllm_search import beam_row, scoring_rows
from tts.eval.bench.vllm_texts import text_rows
from tts.eval.problems import load_problems
from tts.protocols import Generator
from tts.values import Capabilities, Model

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
