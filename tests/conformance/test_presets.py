"""The servers that people have, by their quirks: what is found out of each, and a vote that is right.

Each preset of the fault server is asked as a user would ask the server itself, by an engine that is
given its URL and nothing else.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict, replace

from tts.backends.fault_server import LIKE, FaultServer
from tts.backends.fault_server.quirks import COST
from tts.backends.openai_http import Connection, HTTPGenerator
from tts.backends.probe import probe
from tts.engine import Engine, SessionOptions
from tts.engine.session import open_session
from tts.errors import BadRequest
from tts.protocols import GenerateRequest, Generator, Meter
from tts.values import Capabilities, Message, Model, Sampling

EVERYTHING = {"n", "prefill", "logprobs", "seed", "keeps_stop", "max_completion_tokens"}
CAN = {
    "vllm": EVERYTHING,
    "llama_cpp": EVERYTHING - {"n"},
    "ollama": {"prefill", "logprobs", "seed"},
    "sglang": EVERYTHING,
    "tgi": {"prefill", "logprobs", "seed"},
    "openai": {"n", "seed", "max_completion_tokens", "reasoning"},
    "azure": {"n", "seed", "max_completion_tokens", "reasoning"},
    "anthropic": {"seed", "max_completion_tokens"},
    "gemini": {"n", "prefill", "seed", "max_completion_tokens"},
    "openrouter": EVERYTHING - {"n", "keeps_stop"},
    "litellm": {"prefill", "seed", "max_completion_tokens"},
}
"""What the probe finds of each, usage reports aside, which all of them have."""
SAMPLING = {"temperature": 1.0, "max_tokens": 64}
PROMPT = (Message("user", "Compute (3 + 4) * 2."),)
COUNTS = " ".join(["one", "two", "three", "four", "five", *["six"] * 40])


def counting(prompt: str, seed: int, draw: int) -> str:
    """What the probe asks for, and longer than it lets an answer be."""
    return " four five" if prompt.endswith("three") else COUNTS


@pytest.mark.parametrize("name", LIKE)
async def test_the_probe_finds_what_the_server_can(name: str) -> None:
    async with FaultServer(replace(LIKE[name], answer=counting)) as server:
        connection = Connection(server.url)
        found = await probe(connection, model="simulated")
        await connection.close()
    can = {one for one, has in asdict(found.capabilities).items() if has}
    assert can == CAN[name] | {"reports_usage"}
    assert not found.unanswered


@pytest.mark.parametrize("name", LIKE)
async def test_a_vote_is_drawn_whole_and_billed_as_the_server_counts(name: str) -> None:
    async with FaultServer(LIKE[name]) as server:
        options: Any = {"base_url": server.url, "sampling": SAMPLING, "verifier": None}
        async with Engine("openai:simulated", **options) as engine:
            result = await engine.solve("Compute (3 + 4) * 2.", strategy="majority_vote(n=3)")
    assert (result.stopped_by, result.missing) == ("done", {})
    thoughts = LIKE[name].reasoning_tokens
    assert result.usage.completion_tokens == 3 * (LIKE[name].words + thoughts)
    assert result.usage.reasoning_tokens == 3 * thoughts
    if "costs" in LIKE[name].quirks:
        assert result.billed.dollars == pytest.approx(3 * COST)


async def opened(server: FaultServer) -> Generator:
    options = SessionOptions(model="openai:simulated", base_url=server.url, verifier=None)
    return (await open_session(options)).generator


def asking(**sampling: Any) -> GenerateRequest:
    return GenerateRequest(
        messages=PROMPT, sampling=Sampling(**{**SAMPLING, **sampling}), seeds=(7,)
    )


@pytest.mark.parametrize("name", LIKE)
async def test_a_stream_says_what_the_whole_answer_says(name: str) -> None:
    async with FaultServer(LIKE[name]) as server:
        generator = await opened(server)
        heard: list[str] = []
        streamed = await generator.generate(asking(), Meter(), lambda _, text: heard.append(text))
        whole = await generator.generate(asking(), Meter())
        await generator.close()
    [one], [other] = streamed.completions, whole.completions
    assert one is not None and other is not None
    assert "".join(heard) == one.text == other.text
    assert one.finish_reason == other.finish_reason
    assert streamed.usage == whole.usage


@pytest.mark.parametrize("name", sorted(set(LIKE) - {"openai", "azure"}))
async def test_an_end_by_a_stop_string_is_an_end(name: str) -> None:
    async with FaultServer(LIKE[name]) as server:
        generator = await opened(server)
        reply = await generator.generate(asking(stop=("answer",)), Meter())
        await generator.close()
    [drawn] = reply.completions
    assert drawn is not None
    assert drawn.finish_reason in ("stop", "unknown")
    assert "boxed" not in drawn.text
    assert (drawn.stop == "answer") == ("keeps_stop" in CAN[name])


@pytest.mark.parametrize("name", ["azure", "anthropic", "gemini", "tgi"])
async def test_a_refusal_is_told_in_the_servers_words(name: str) -> None:
    quirks = tuple(one for one in LIKE[name].quirks if one != "ignores_n")
    async with FaultServer(replace(LIKE[name], supports_n=False, quirks=quirks)) as server:
        can = Capabilities(n=True, max_completion_tokens=True)
        generator = HTTPGenerator(Model(name="simulated"), base_url=server.url, capabilities=can)
        two = GenerateRequest(messages=PROMPT, sampling=Sampling(**SAMPLING), seeds=(1, 2))
        with pytest.raises(BadRequest, match="n must be 1"):
            await generator.generate(two, Meter())
        await generator.close()


async def test_a_reasoning_model_says_what_it_does_not_take() -> None:
    async with FaultServer(LIKE["openai"]) as server:
        generator = await opened(server)
        with pytest.raises(BadRequest, match="temperature"):
            await generator.generate(asking(temperature=0.5), Meter())
        await generator.close()
