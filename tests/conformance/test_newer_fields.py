"""What vLLM's newer request fields do, on a real server: counted in requests and tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tts.backends.embedded.model import model_folder
from tts.backends.openai_http import HTTPGenerator
from tts.backends.vllm import VLLMLabelReader, vllm_installed
from tts.backends.vllm.server import vllm_server
from tts.errors import BadRequest
from tts.protocols import GenerateRequest, MarkedRow, Meter, RowReading
from tts.values import Capabilities, Completion, Message, Model, Sampling

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(
        not vllm_installed(), reason="vLLM is not installed here; `make test-vllm` runs this."
    ),
]
MODEL = Model(name="served", context_length=1024)
LABELS = (14, 19)
"""The ids of `2` and `7`: any two tokens are labels to a reader."""
BLOCK = 32
CAN = Capabilities(seed=True, keeps_stop=True, max_completion_tokens=True)
THOUGHTS = {"reasoning_start_str": " * ", "reasoning_end_str": "\\boxed{"}
"""As if a small model's working were thoughts: they begin at a product, and end in a box."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def url() -> AsyncIterator[str]:
    arguments = ("--dtype", "float32", "--enforce-eager", "--kv-cache-memory-bytes", str(1 << 28))
    arguments += ("--max-num-seqs", "2", "--scheduling-policy", "priority")
    arguments += ("--block-size", str(BLOCK), "--reasoning-config", json.dumps(THOUGHTS))
    async with vllm_server(str(model_folder("small")), *arguments, seconds=900) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def generator(url: str) -> AsyncIterator[HTTPGenerator]:
    generator = HTTPGenerator(MODEL, base_url=url, dialect="vllm", capabilities=CAN)
    yield generator
    await generator.close()


async def drawn(generator: HTTPGenerator, seed: int = 1, **fields: Any) -> Completion:
    asked = GenerateRequest(
        messages=(Message("user", "Compute (3 + 4) * 2 - (5 + 6) * (7 + 8)."),),
        sampling=Sampling(temperature=0.0, max_tokens=200),
        seeds=(seed,),
        fields=fields,
    )
    [completion] = (await generator.generate(asked, Meter())).completions
    assert completion is not None
    return completion


async def computed(url: str) -> float:
    """Prompt tokens that the server did not find in its prefix cache, so far."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/../metrics") as answer:
        lines = (await answer.text()).splitlines()
    counts = {
        name: sum(
            float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"vllm:{name}")
        )
        for name in ("prompt_tokens_total", "prefix_cache_hits_total")
    }
    return counts["prompt_tokens_total"] - counts["prefix_cache_hits_total"]


def grown(steps: int, salt: int) -> list[MarkedRow]:
    """A solution after each of its steps of 24 tokens, with a mark at the end of each."""
    ids = tuple(12 + (place * 7 + place // 5 + salt) % 10 for place in range(steps * 24))
    ends = [24 * step - 1 for step in range(1, steps + 1)]
    return [MarkedRow(ids[: end + 1], tuple(ends[: step + 1])) for step, end in enumerate(ends)]


class Counting(VLLMLabelReader):
    """Counts its requests; `by_id=False`: never asks for tokens by their ids, and keeps nothing."""

    def __init__(self, url: str, *, by_id: bool) -> None:
        super().__init__(MODEL, labels=LABELS, base_url=url)
        self._by_id = self.keeps = by_id
        self.requests = 0

    async def _choice(self, asked: Any) -> Any:
        self.requests += 1
        return await super()._choice(asked)

    async def read(self, row: MarkedRow) -> RowReading:
        if not self.keeps:
            self._kept.__init__()  # type: ignore[misc]
        return await super().read(row)


async def read_all(url: str, rows: Sequence[MarkedRow], *, by_id: bool) -> Any:
    """The vectors of each row, the requests, and the prompt tokens that the server computed."""
    reader, before = Counting(url, by_id=by_id), await computed(url)
    vectors = [(await reader.read(row)).vectors for row in rows]
    await reader.close()
    await asyncio.sleep(0.2)
    return vectors, reader.requests, await computed(url) - before


async def test_labels_by_their_ids_are_those_of_the_prompt_for_a_request_a_step(url: str) -> None:
    rows = grown(8, salt=1)
    after, few, little = await read_all(url, rows, by_id=True)
    before, many, much = await read_all(url, rows, by_id=False)
    for new, old in zip(after, before, strict=True):
        assert [list(one) for one in new] == [pytest.approx(list(one), abs=2e-3) for one in old]
    print(f"requests {many} -> {few}, computed prompt tokens {much:.0f} -> {little:.0f}")  # noqa: T201
    assert few == len(rows)
    assert many >= 2 * few
    assert little <= len(rows[-1].ids) + BLOCK * few
    assert much > 3 * little


async def test_a_draw_that_goes_in_circles_is_ended_early_and_was_cut(
    generator: HTTPGenerator,
) -> None:
    """Without an end of its own the small model writes for as long as it may."""
    endless = {"ignore_eos": True}
    whole = await drawn(generator, **endless)
    found = {"max_pattern_size": 40, "min_pattern_size": 1, "min_count": 3}
    ended = await drawn(generator, **endless, repetition_detection=found)
    print(f"tokens {whole.completion_tokens} -> {ended.completion_tokens}")  # noqa: T201
    assert (whole.finish_reason, ended.finish_reason) == ("length", "length")
    assert whole.text.startswith(ended.text)
    assert ended.completion_tokens < whole.completion_tokens == 200


async def test_thoughts_end_where_their_budget_does(generator: HTTPGenerator) -> None:
    whole = await drawn(generator)
    short = await drawn(generator, thinking_token_budget=4)
    thoughts = [one.text.partition(THOUGHTS["reasoning_end_str"])[0] for one in (whole, short)]
    print(f"thoughts {thoughts}, tokens {whole.completion_tokens} -> {short.completion_tokens}")  # noqa: T201
    assert all(one.text != thought for one, thought in zip((whole, short), thoughts, strict=True))
    assert len(thoughts[1]) < len(thoughts[0])


async def test_who_has_priority_is_answered_first(generator: HTTPGenerator) -> None:
    """Of ten calls for two places, the last one to come goes before those that wait."""
    ended: list[str] = []

    async def ask(name: str, seed: int, **fields: Any) -> None:
        await drawn(generator, seed, ignore_eos=True, **fields)
        ended.append(name)

    async with asyncio.TaskGroup() as group:
        for seed in range(9):
            group.create_task(ask(f"waits {seed}", seed, priority=1))
        await asyncio.sleep(0.05)
        group.create_task(ask("urgent", 99, priority=-1))
    print(f"place {ended.index('urgent') + 1} of {len(ended)}")  # noqa: T201
    assert ended.index("urgent") < 4


async def test_a_budget_of_thoughts_that_a_server_was_not_started_for_is_refused_in_its_words(
    server: HTTPGenerator,
) -> None:
    with pytest.raises(BadRequest, match="reasoning_config"):
        await drawn(server, thinking_token_budget=8)


async def test_a_priority_that_a_server_was_not_started_for_is_ignored(
    server: HTTPGenerator,
) -> None:
    assert (await drawn(server, priority=1)).text == (await drawn(server)).text
