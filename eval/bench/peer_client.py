"""One contender of `peers`: chat completions by one library, in an environment that has only it.

This file is run by its path, with the interpreter of that environment, and needs nothing but the
library: `peer_client.py NAME URL IN_FLIGHT CALLS`. It makes the calls once per line of its standard
input and answers each with a line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

Call = Callable[[str, int], Awaitable[Any]]
"""A prompt and a seed to the text of the answer."""
DRAWS, MAX_TOKENS = 16, 64
STORY = "A train leaves the station and passes a mile post every ninety seconds. " * 3


async def of_aiohttp(url: str, in_flight: int) -> Call:
    aiohttp: Any = import_module("aiohttp")
    http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def call(prompt: str, seed: int) -> Any:
        async with http.post(f"{url}/chat/completions", json=body(prompt, seed)) as response:
            return json.loads(await response.read())["choices"][0]["message"]["content"]

    return call


async def of_openai(url: str, in_flight: int) -> Call:
    openai: Any = import_module("openai")
    client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)

    async def call(prompt: str, seed: int) -> Any:
        reply = await client.chat.completions.create(**body(prompt, seed))
        return reply.choices[0].message.content

    return call


async def of_litellm(url: str, in_flight: int) -> Call:
    litellm: Any = import_module("litellm")
    litellm.suppress_debug_info = True

    async def call(prompt: str, seed: int) -> Any:
        asked = body(prompt, seed) | {"model": "openai/simulated"}
        reply = await litellm.acompletion(api_base=url, api_key="none", num_retries=0, **asked)
        return reply.choices[0].message.content

    return call


async def of_inspect_ai(url: str, in_flight: int) -> Call:
    library: Any = import_module("inspect_ai.model")
    config = library.GenerateConfig(max_tokens=MAX_TOKENS, max_connections=in_flight)
    name = "openai-api/local/simulated"
    model = library.get_model(name, base_url=url, api_key="none", config=config)

    async def call(prompt: str, seed: int) -> Any:
        return (await model.generate(prompt, config=library.GenerateConfig(seed=seed))).completion

    return call


async def of_its_hub(url: str, in_flight: int) -> Call:
    """Its requests have no seed, and no more than a hundred are under way together."""
    library: Any = import_module("its_hub.core.lms.openai_lm")
    message: Any = import_module("its_hub.api").ChatMessage
    model = library.OpenAICompatibleLanguageModel(url, "none", "simulated", max_tokens=MAX_TOKENS)

    async def call(prompt: str, seed: int) -> Any:
        return await model.agenerate_single([message(role="user", content=prompt)])

    return call


CONTENDERS = {
    "aiohttp": of_aiohttp,
    "its_hub": of_its_hub,
    "openai": of_openai,
    "inspect_ai": of_inspect_ai,
    "litellm": of_litellm,
}
"""By the name of the distribution."""


def body(prompt: str, seed: int) -> dict[str, Any]:
    """The request of everybody."""
    messages = [{"role": "user", "content": prompt}]
    return {"model": "simulated", "max_tokens": MAX_TOKENS, "messages": messages, "seed": seed}


async def make(call: Call, calls: int, in_flight: int) -> None:
    """All calls by a pool of workers."""
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            text = await call(f"{STORY}How far is post {number // DRAWS}?", number % DRAWS)
            assert text, "The server's answer did not come through."

    await asyncio.gather(*(work() for _ in range(in_flight)))


async def answer_lines(name: str, turn: Callable[[], Awaitable[None]]) -> None:
    """Take a turn per line read: its seconds of processor and clock, and the library's version."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    while await asyncio.to_thread(sys.stdin.readline):
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        await turn()
        took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        sys.stdout.write(json.dumps({**took, "version": version(name)}) + "\n")
        sys.stdout.flush()


async def main(name: str, url: str, in_flight: int, calls: int) -> None:
    call = await CONTENDERS[name](url, in_flight)
    await answer_lines(name, lambda: make(call, calls, in_flight))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
