from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.backends.openai_http import HTTPGenerator
from tts.backends.vllm import (
    EngineLoad,
    VLLMGenerator,
    VLLMHeadReader,
    VLLMServerReader,
    VLLMSettings,
    vllm_installed,
)
from tts.backends.vllm.server import vllm_server
from tts.protocols import GenerateRequest, Generator, StepScorer
from tts.values import Capabilities, Message, Model, Sampling
from tts.verifiers.prm import FAMILIES, FamilyScorer, FolderTokenizer

KV_BYTES = 1 << 28
CAN = Capabilities(n=True, prefill=True, logprobs=True, seed=True, keeps_stop=True)
MESSAGES = (Message("user", "Compute (3 + 4) * 2."),)

needs_vllm = pytest.mark.skipif(
    not vllm_installed(), reason="vLLM is not installed here; `make test-vllm` runs this."
)
SUBJECTS = [
    "embedded",
    pytest.param("vllm", marks=[needs_vllm, pytest.mark.vllm]),
    pytest.param("vllm-server", marks=[needs_vllm, pytest.mark.vllm]),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all: an engine belongs to the loop that it was opened on."""
    for item in items:
        if Path(str(item.path)).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def policy_settings() -> VLLMSettings:
    """The small policy in float32, so that it can be compared number by number."""
    return VLLMSettings(
        path=str(model_folder("small")),
        name="vllm:embedded/small",
        dtype="float32",
        eager=True,
        kv_cache_bytes=KV_BYTES,
    )


def prm_settings() -> VLLMSettings:
    return VLLMSettings(
        path=str(model_folder("prm")),
        name="vllm:embedded/prm",
        runner="pooling",
        dtype="float32",
        eager=True,
        block_size=32,
        kv_cache_bytes=KV_BYTES,
    )


SERVED = ("--dtype", "float32", "--enforce-eager", "--kv-cache-memory-bytes", str(KV_BYTES))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded() -> AsyncIterator[EmbeddedGenerator]:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("small"))
    yield generator
    await generator.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def in_process() -> AsyncIterator[VLLMGenerator]:
    generator = await VLLMGenerator.open(policy_settings(), load=EngineLoad())
    yield generator
    await generator.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[HTTPGenerator]:
    async with vllm_server(str(model_folder("small")), "--max-num-seqs", "64", *SERVED) as url:
        model = Model(name="served", context_length=1024)
        generator = HTTPGenerator(model, base_url=url, dialect="vllm", capabilities=CAN)
        yield generator
        await generator.close()


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Generator:
    """The same model behind each of the three routes."""
    names = {"embedded": "embedded", "vllm": "in_process", "vllm-server": "server"}
    generator: Generator = request.getfixturevalue(names[request.param])
    return generator


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded_prm() -> AsyncIterator[EmbeddedStepScorer]:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))
    yield scorer
    await scorer.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reader() -> AsyncIterator[VLLMHeadReader]:
    reader = await VLLMHeadReader.open(prm_settings())
    yield reader
    await reader.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def in_process_prm(reader: VLLMHeadReader) -> FamilyScorer:
    tokenizer = FolderTokenizer(model_folder("prm"))
    return FamilyScorer(FAMILIES["qwen-math"], tokenizer=tokenizer, reader=reader)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server_prm() -> AsyncIterator[FamilyScorer]:
    marks = '{"pooling_type": "STEP", "step_tag_id": 4}'
    arguments = ("--runner", "pooling", "--pooler-config", marks)
    async with vllm_server(str(model_folder("prm")), *arguments, *SERVED) as url:
        model = Model(name="served", context_length=1024)
        reader = VLLMServerReader(model, base_url=url)
        tokenizer = FolderTokenizer(model_folder("prm"))
        yield FamilyScorer(FAMILIES["qwen-math"], tokenizer=tokenizer, reader=reader)
        await reader.close()


@pytest.fixture(params=SUBJECTS)
def prm(request: pytest.FixtureRequest) -> StepScorer:
    """The same process reward model behind each of the three routes."""
    names = {"embedded": "embedded_prm", "vllm": "in_process_prm", "vllm-server": "server_prm"}
    scorer: StepScorer = request.getfixturevalue(names[request.param])
    return scorer


@pytest.fixture
def ask() -> Callable[..., GenerateRequest]:
    """A request: `ask(1, 2, prefix="…", temperature=0)`, one draw per seed."""

    def made(
        *seeds: int, text: str = MESSAGES[0].content, prefix: str = "", **sampling: Any
    ) -> GenerateRequest:
        return GenerateRequest(
            messages=(Message("user", text),),
            prefix=prefix,
            sampling=Sampling(**{"max_tokens": 64, **sampling}),
            seeds=seeds or (0,),
        )

    return made
