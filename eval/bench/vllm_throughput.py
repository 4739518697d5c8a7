"""How much of vLLM the engine uses: best-of-n beside its own offline call, beam search, scoring."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import asyncio
import gc
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from tts.answers import TASKS
from tts.backends.embedded.model import EmbeddedName, model_folder
from tts.backends.vllm import VLLMGenerator, VLLMHeadReader, VLLMSettings
from tts.backends.vllm.engine import engine_arguments
from tts.engine import Engine
from tts.eval.bench.report import Row, at_least, at_most, figure
from tts.protocols import MarkedRow
from tts.values import Message, Problem
from tts.verifiers import ProcessReward
from tts.verifiers.prm import FAMILIES, FamilyScorer, FolderTokenizer

KV_BYTES = 1 << 30
BLOCK = 32
UNUSED = 5
"""An id that the policy never draws."""
N, MAX_TOKENS, WARM = 64, 160, 4
ROUNDS, ROUND = 14, 28
"""Rounds of a search, and the tokens that each adds."""
_GLANCE = 0.002
_TAIL = 0.9
"""The last tenth of the problems is not looked at: the search runs dry there by nature."""


def embedded_settings(name: EmbeddedName, **fields: Any) -> VLLMSettings:
    """A shipped model in float32, with small cache blocks."""
    chosen: dict[str, Any] = {
        "path": str(model_folder(name)),
        "name": f"vllm:embedded/{name}",
        "dtype": "float32",
        "block_size": BLOCK,
        "kv_cache_bytes": KV_BYTES,
    }
    return VLLMSettings(**(chosen | fields))


def endless_folder(target: Path) -> Path:
    """A copy of the small policy whose draws never end by themselves."""
    folder = Path(shutil.copytree(model_folder("small"), target))
    for file in ("config.json", "generation_config.json"):
        path = folder / file
        content = json.loads(path.read_text("utf-8")) | {"eos_token_id": UNUSED}
        path.write_text(json.dumps(content), "utf-8")
    return folder


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


class _Glances:
    """Looks at the policy's queue while problems are live."""

    def __init__(self, generator: VLLMGenerator, problems: int) -> None:
        self._generator, self._problems = generator, problems
        self.done = self.busy = self.looks = 0

    async def look(self) -> None:
        while self.done < self._problems * _TAIL:
            self.looks += 1
            self.busy += self._generator.engine.running > 0
            await asyncio.sleep(_GLANCE)


async def beam_row(
    generator: VLLMGenerator, reader: VLLMHeadReader, problems: Sequence[Problem]
) -> Row:
    """Bar (b), first half: the share of time in which the policy has work."""
    tokenizer = FolderTokenizer(_folder(reader))
    scorer = FamilyScorer(FAMILIES["qwen-math"], tokenizer=tokenizer, reader=reader)
    verifier = ProcessReward(scorer, render=TASKS["arithmetic"].render)
    engine = Engine(generator, verifier=verifier, sampling={"max_tokens": 64}, concurrency=4096)
    glances = _Glances(generator, len(problems))

    async def one(problem: Problem) -> None:
        await engine.solve(problem, strategy="beam_search(n=16, branching=4)")
        glances.done += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(glances.look())
        for problem in problems:
            group.create_task(one(problem))
    share = glances.busy / max(1, glances.looks)
    return at_least("beam search, share of time with a policy queue", share, "", bar=0.9)


async def scoring_rows(reader: VLLMHeadReader) -> list[Row]:
    """Bar (b), second half: prompt tokens read, and the largest difference of a score."""
    whole = VLLMHeadReader(reader.engine, incremental=False)
    computed = bound = full = 0
    difference = 0.0
    for length in range(ROUND, ROUND * ROUNDS + 1, ROUND):
        row = _row(length)
        reading, expected = await reader.read(row), await whole.read(row)
        pairs = zip(reading.vectors, expected.vectors, strict=True)
        difference = max(
            difference, *(abs(a - b) for x, y in pairs for a, b in zip(x, y, strict=True))
        )
        computed, full = computed + reading.computed_tokens, full + length
        bound += length - (length - ROUND) // BLOCK * BLOCK
    return [
        at_most("incremental scoring, tokens read of the new ones", computed / bound, "", bar=1.1),
        at_most("incremental scoring, tokens read of all", computed / full, "", bar=0.35),
        at_most("incremental scoring, largest difference", difference, "", bar=1e-3),
    ]


def _row(length: int) -> MarkedRow:
    ids = tuple(20 + (7 * at + at // 13) % 90 for at in range(length))
    return MarkedRow(ids, tuple(range(ROUND - 1, length, ROUND)))


def _folder(reader: VLLMHeadReader) -> Path:
    return Path(reader.engine.settings.path)
