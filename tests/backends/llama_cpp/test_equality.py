"""One set of weights, run by numpy, transformers, llama.cpp and vLLM: the same words and probabilities.

llama.cpp rounds what it multiplies with four-bit weights to eight bits, so its words may differ where
two were nearly as likely. Served in float32 it does not, and has to say the same.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts.backends.embedded.folder import Floats
from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.llama_cpp import SMOLLM2, LlamaServer, fetched
from tts.backends.openai_http import Connection, HTTPGenerator
from tts.backends.probe import probe
from tts.backends.vllm import VLLMGenerator, VLLMSettings, vllm_installed
from tts.protocols import GenerateRequest, Generator, Meter
from tts.training.dequantise import dequantised
from tts.values import Completion, Message, Sampling
from tts.values import Model as ModelName

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        find_spec("gguf") is None,
        reason="gguf is not installed here; `make test-real` and `make test-vllm` run this.",
    ),
    # torch and transformers warn about their own internals on import.
    pytest.mark.filterwarnings("default"),
]
NAME = "smollm2-135m"
QUESTIONS = (
    "Tom has 3 apples and buys 4 more. How many apples does he have?",
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "Anna is older than Ben. Ben is older than Carl. Who is the oldest?",
)
TOKENS = 32
NEAR = 2e-2
"""Of a log-probability, between two that compute the same."""
ROUNDED = 0.4
"""Of a log-probability, where what is multiplied was rounded to eight bits."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dequantised") / "model"
    assert dequantised(fetched(SMOLLM2), folder) == 272
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> EmbeddedModel:
    return EmbeddedModel.load(folder, f"embedded:{folder}", context=1024)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """The same weights in float32."""
    pytest.importorskip("xllamacpp")
    path = tmp_path_factory.mktemp("float32") / "model.gguf"
    in_float32(fetched(SMOLLM2), path)
    with LlamaServer(path, name=NAME, context=512, slots=1) as served:
        yield served


@pytest.fixture(scope="module")
def rounded() -> Iterator[LlamaServer]:
    pytest.importorskip("xllamacpp")
    with LlamaServer(fetched(SMOLLM2), name=NAME, context=512, slots=1) as served:
        yield served


def in_float32(source: Path, target: Path) -> None:
    """A copy of a GGUF file with every tensor in float32."""
    import gguf

    reader: Any = gguf.GGUFReader(source)
    writer: Any = gguf.GGUFWriter(target, "llama")
    own = ("GGUF.", "general.architecture", "general.file_type", "general.quantization")
    for key, field in reader.fields.items():
        if not key.startswith(own):
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        array = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, np.asarray(array, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


async def drawn(generator: Generator, question: str) -> Completion:
    request = GenerateRequest(
        messages=(Message("user", question),),
        sampling=Sampling(temperature=0, max_tokens=TOKENS, logprobs=2),
        seeds=(0,),
    )
    [draw] = (await generator.generate(request, Meter())).completions
    assert draw is not None
    return draw


async def served_draws(server: LlamaServer) -> list[Completion]:
    connection = Connection(server.url)
    found = await probe(connection, model=NAME)
    generator = HTTPGenerator(
        ModelName(name=NAME, context_length=found.context_length),
        connection=connection,
        capabilities=found.capabilities,
        dialect=found.dialect,
    )
    draws = [await drawn(generator, question) for question in QUESTIONS]
    await connection.close()
    return draws


async def own_draws(model: EmbeddedModel) -> list[Completion]:
    generator = EmbeddedGenerator(model)
    draws = await asyncio.gather(*(drawn(generator, question) for question in QUESTIONS))
    await generator.close()
    return draws


def the_same(ours: Sequence[Completion], theirs: Sequence[Completion]) -> None:
    for own, served in zip(ours, theirs, strict=True):
        assert own.text == served.text
        told = [token.logprob for token in served.logprobs]
        near = [token.logprob for token in own.logprobs][: len(told)]
        np.testing.assert_allclose(near, told, atol=NEAR)


def prompt_ids(model: EmbeddedModel, question: str, answer: str = "") -> list[int]:
    return model.tokenizer.encode_chat([Message("user", question)], answer)


def logs(model: EmbeddedModel, ids: Sequence[int]) -> Floats:
    """(tokens, vocabulary): the log-probabilities behind each id."""
    cache = KvCache(model.transformer.config, 1)
    tokens = np.array([ids], dtype=np.intp)
    hidden = model.transformer.forward(tokens, np.zeros(1, dtype=np.intp), cache)
    logits = model.transformer.logits(hidden[0]).astype(np.float64)
    raised = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(raised - np.log(np.exp(raised).sum(axis=1, keepdims=True)), np.float32)


@pytest.mark.skipif(
    find_spec("torch") is None or find_spec("transformers") is None,
    reason="parity with transformers needs the extra `train`",
)
async def test_words_and_log_probabilities_are_those_of_transformers(
    folder: Path, model: EmbeddedModel
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    reference: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for question, draw in zip(QUESTIONS, await own_draws(model), strict=True):
        turns = [{"role": "user", "content": question}]
        ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
        assert ids == prompt_ids(model, question)
        whole = torch.tensor([[*ids, *draw.token_ids]])
        with torch.inference_mode():
            expected = reference(whole).logits[0].log_softmax(-1).numpy()
            words = reference.generate(whole[:, : len(ids)], max_new_tokens=TOKENS, do_sample=False)
        assert words[0, len(ids) :].tolist() == list(draw.token_ids)
        np.testing.assert_allclose(logs(model, whole[0].tolist()), expected, atol=NEAR)


async def test_words_and_log_probabilities_are_those_of_llama_cpp_in_float32(
    exact: LlamaServer, model: EmbeddedModel
) -> None:
    the_same(await own_draws(model), await served_draws(exact))


@pytest.mark.vllm
@pytest.mark.skipif(
    not vllm_installed(), reason="vLLM is not installed here; `make test-vllm` runs this."
)
async def test_words_and_log_probabilities_are_those_of_vllm(
    folder: Path, model: EmbeddedModel
) -> None:
    settings = VLLMSettings(
        path=str(folder), name="vllm:folder", dtype="float32", eager=True, kv_cache_bytes=1 << 29
    )
    generator = await VLLMGenerator.open(settings)
    try:
        served = [await drawn(generator, question) for question in QUESTIONS]
    finally:
        await generator.close()
    the_same(await own_draws(model), served)


async def test_where_four_bits_say_another_word_it_was_nearly_as_likely(
    rounded: LlamaServer, model: EmbeddedModel
) -> None:
    for question, served in zip(QUESTIONS, await served_draws(rounded), strict=True):
        begin, ids = prompt_ids(model, question), prompt_ids(model, question, served.text)
        known = logs(model, ids)[len(begin) - 1 : -1]
        said = known[np.arange(len(known)), ids[len(begin) :]]
        assert (known.max(axis=1) - said).max() < ROUNDED
        told = np.array([token.logprob for token in served.logprobs])[: len(said)]
        assert np.abs(said - told).max() < ROUNDED


def test_texts_are_cut_as_llama_cpp_cuts_them(rounded: LlamaServer, model: EmbeddedModel) -> None:
    import json
    import urllib.request

    order, letters = np.random.default_rng(0), list("ab 1234.,'sté\n\t日🙂-_()")
    texts = ["I don't know:\n\n  x = 3.14  <|im_end|>\n", *QUESTIONS]
    texts += ["".join(order.choice(letters, 60)) for _ in range(100)]
    for text in texts:
        asked = {"content": text, "add_special": False, "parse_special": True}
        place = rounded.url.removesuffix("/v1") + "/tokenize"
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(place, json.dumps(asked).encode(), kind)
        with urllib.request.urlopen(request) as answer:
            assert model.tokenizer.encode(text) == json.load(answer)["tokens"]
