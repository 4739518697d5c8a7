"""Several models are opened side by side, each with what is its own."""

from __future__ import annotations

import pytest

from tts.backends.fault_server import FaultServer
from tts.engine.served import ServedModel, open_served
from tts.errors import BadInput, UsageError
from tts.options import SessionOptions


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> SessionOptions:
    monkeypatch.setenv("ONE", "sk-one")
    monkeypatch.setenv("TWO", "sk-two")
    return SessionOptions(base_url="http://one/v1", api_key_env="ONE")


@pytest.mark.parametrize(
    ("text", "name", "model"),
    [
        ("embedded:small", "", "embedded:small"),
        ("small=embedded:small", "small", "embedded:small"),
        ("org/a.b=openai:qwen3:8b", "org/a.b", "openai:qwen3:8b"),
        ("vllm:FOLDER?eager=1", "", "vllm:FOLDER?eager=1"),
        ("v=vllm:FOLDER?eager=1", "v", "vllm:FOLDER?eager=1"),
    ],
)
def test_a_name_stands_before_the_model(
    options: SessionOptions, text: str, name: str, model: str
) -> None:
    told = ServedModel.read(text, options)
    assert (told.name, told.options.model) == (name, model)
    assert (told.options.base_url, told.options.api_key_env) == ("http://one/v1", "ONE")


def test_a_server_of_its_own_gets_the_key_that_is_named_beside_it_and_no_other(
    options: SessionOptions,
) -> None:
    told = ServedModel.read("b=openai:qwen3?url=http://two/v1&key_env=TWO", options).options
    assert (told.model, told.base_url, told.key()) == ("openai:qwen3", "http://two/v1", "sk-two")
    told = ServedModel.read("b=openai:qwen3?url=http://two/v1", options).options
    assert (told.base_url, told.key()) == ("http://two/v1", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a b=embedded:small", "a name has"),
        ("=embedded:small", "a name has"),
        ("openai:qwen?uri=http://x", "no option 'uri'"),
    ],
)
def test_what_cannot_be_read_is_one_line(options: SessionOptions, text: str, says: str) -> None:
    with pytest.raises((BadInput, UsageError), match=says):
        ServedModel.read(text, options)


async def test_each_model_has_its_own_verifier_and_all_share_the_rest() -> None:
    async with open_served(SessionOptions(), ["embedded:small", "s=embedded:steps"]) as sessions:
        small, steps = sessions.values()
    assert list(sessions) == ["embedded:small", "s"]
    assert small.verifier is not None and steps.verifier is not None
    assert small.verifier.name != steps.verifier.name
    assert small.limits is steps.limits
    assert small.equivalence is steps.equivalence
    assert list(steps.generators) == ["default"]


async def test_each_remote_model_adapts_its_own_concurrency_and_has_its_own_rate() -> None:
    async with FaultServer() as one, FaultServer() as two:
        models = [f"openai:simulated?url={one.url}", f"openai:other?url={two.url}"]
        async with open_served(SessionOptions(requests_per_minute=60), models) as sessions:
            limits = next(iter(sessions.values())).limits
    assert set(limits.rates) == {"simulated", "other"}
    assert limits.gate.concurrency("simulated") is not limits.gate.concurrency("other")


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (["a=embedded:small", "a=embedded:large"], "Two models are called 'a'"),
        (["a=embedded:small", "b=embedded:small"], "Two servers call their model"),
    ],
)
async def test_models_that_could_not_be_told_apart_are_refused(
    models: list[str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        async with open_served(SessionOptions(), models):
            pass
