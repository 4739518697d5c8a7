"""Best-of-n through the engine, beside vLLM's own offline call."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from tts.backends.vllm import VLLMGenerator, VLLMSettings
from tts.backends.vllm.settings import engine_arguments
from tts.engine import Engine
from tts.eval.bench.row import Row, at_least, figure
from tts.values import Message, Problem

N, MAX_TOKENS, WARM = 64, 160, 4


def offline(settings: VLLMSettings, prompts: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Output tokens per second of one `LLM.generate` with `n` draws of every prompt.

    The second figure is of the same draws with a seed each, which vLLM samples one by one.
    """
    from vllm import LLM, SamplingParams

    llm = LLM(**engine_arguments(settings))
    params = SamplingParams(n=N, temperature=1.0, max_tokens=MAX_TOKENS)
    asked: Any = [{"prompt_token_ids": list(ids)} for ids in prompts]
    llm.generate(asked[:WARM], params, use_tqdm=False)
    free = _rate(llm, asked, params)
    seeds = [SamplingParams(temperature=1.0, max_tokens=MAX_TOKENS, seed=n) for n in range(N)]
    seeded = _rate(llm, [one for one in asked for _ in seeds], seeds * len(asked))
    llm.llm_engine.engine_core.shutdown()
    del llm
    gc.collect()
    return free, seeded


def _rate(llm: Any, prompts: Sequence[Any], params: Any) -> float:
    llm.reset_prefix_cache()
    started = perf_counter()
    outputs = llm.generate(prompts, params, use_tqdm=False)
    seconds = perf_counter() - started
    return sum(len(draw.token_ids) for output in outputs for draw in output.outputs) / seconds


async def through_engine(generator: VLLMGenerator, problems: Sequence[Problem]) -> float:
    """Output tokens per second of the same draws through strategy, budget, ledger and executor."""
    sampling = {"temperature": 1.0, "max_tokens": MAX_TOKENS}
    engine = Engine(generator, verifier=None, sampling=sampling, concurrency=4096)
    strategy = f"majority_vote(n={N})"
    await _solved(engine, problems[:WARM], strategy, replicate=1)
    await generator.engine.llm.reset_prefix_cache()
    started = perf_counter()
    tokens = await _solved(engine, problems, strategy, replicate=0)
    return tokens / (perf_counter() - started)


async def _solved(
    engine: Engine, problems: Sequence[Problem], strategy: str, *, replicate: int
) -> int:
    results = await asyncio.gather(
        *(engine.solve(one, strategy=strategy, replicate=replicate) for one in problems)
    )
    return sum(result.usage.completion_tokens for result in results)


def best_of_n_row(ours: float, bare: float) -> Row:
    """Bar (a): at least 0.9 of the bare rate."""
    return at_least(
        f"best-of-{N}, output tokens a second", ours, "tokens/s", bar=0.9 * bare, baseline=bare
    )


def seeded_row(ours: float, bare: float) -> Row:
    """The same with a seed for every draw, as is the default, beside `LLM.generate` with seeds."""
    what = f"best-of-{N} with seeds, output tokens a second"
    return figure(what, ours, "tokens/s", baseline=bare)


def prompt_ids(generator: VLLMGenerator, problems: Sequence[Problem]) -> list[tuple[int, ...]]:
    """The prompts as the engine sends them."""
    return [generator.prompt_ids((Message("user", one.prompt),)) for one in problems]
