"""`local`: tokens per processor second of a small language model: numpy, torch and llama.cpp.

The same weights everywhere, on one thread: SmolLM2-135M-Instruct, dequantised for numpy and torch and
in four bits for llama.cpp, which a process of its own serves.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from warnings import catch_warnings, simplefilter

from tts.backends.embedded.decoder import Decoder
from tts.backends.embedded.draw import Draw
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.llama_cpp import SMOLLM2, LlamaServer, fetched
from tts.backends.openai_http import Connection, HTTPGenerator
from tts.backends.probe import probe
from tts.eval.bench.measuring import cpu_seconds
from tts.eval.bench.model import Silent
from tts.eval.bench.report import NeedsData, Row, at_least, figure
from tts.protocols import GenerateRequest, Meter
from tts.training.dequantise import dequantised
from tts.values import Message, Model, Sampling

BATCHES = (1, 8, 32)
TOKENS, RUNS = 24, 3
SHARE, BARRED = 0.5, 8
"""The bar: at this batch, this share of what torch does."""
QUESTION = "Tell a long story about a dog and a cat who travel around the world."
NAME = "smollm2-135m"
Rate = Callable[[int], float]
"""Tokens drawn per processor second at a batch of so many, once the prompt has been read."""


def local(*, runs: int = RUNS, batches: tuple[int, ...] = BATCHES) -> list[Row]:
    """One row for each batch and each other way to run the model; raises `NeedsData` without gguf.

    The ways take turns, so that what else the machine does meets all of them.
    """
    if find_spec("gguf") is None:
        raise NeedsData("This benchmark dequantises a model: pip install 'tts-engine[real]'.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory())) / "model"
        dequantised(fetched(SMOLLM2), folder)
        ways: dict[str, Rate] = {"numpy": _numpy(folder)}
        if find_spec("torch") and find_spec("transformers"):
            ways["torch"] = _torch(folder)
        if find_spec("xllamacpp"):
            ways["llama.cpp"] = stack.enter_context(_llama_cpp(max(batches)))
        for rate in ways.values():
            rate(max(batches))
        found = {
            batch: {name: median(one) for name, one in _turns(ways, batch, runs).items()}
            for batch in batches
        }
    return [row for batch in batches for row in _rows(batch, found[batch])]


def _turns(ways: dict[str, Rate], batch: int, runs: int) -> dict[str, list[float]]:
    turns = [{name: rate(batch) for name, rate in ways.items()} for _ in range(runs)]
    return {name: [turn[name] for turn in turns] for name in ways}


def _rows(batch: int, rates: dict[str, float]) -> Iterator[Row]:
    own, what = rates["numpy"], f"tokens per CPU second at batch {batch}, numpy beside"
    for other, extra in (("torch", "train"), ("llama.cpp", "real")):
        theirs = rates.get(other)
        if theirs is None:
            yield figure(f"{what} {other}: left out, install 'tts-engine[{extra}]'", own, "")
        elif other == "torch" and batch == BARRED:
            yield at_least(f"{what} {other}", own, "", bar=SHARE * theirs, baseline=theirs)
        else:
            yield figure(f"{what} {other}", own, "", baseline=theirs)


def _numpy(folder: Path) -> Rate:
    embedded = EmbeddedModel.load(folder, "embedded:bench", context=512)
    prompt = tuple(embedded.tokenizer.encode_chat([Message("user", QUESTION)]))
    sampling = Sampling(temperature=1.0, max_tokens=TOKENS)

    def rate(batch: int) -> float:
        decoder = Decoder(embedded.transformer, embedded.tokenizer, batch, 0)
        draws = [Draw(prompt, sampling, seed, Silent()) for seed in range(batch)]
        decoder.join(deque(draws))
        began = time.process_time()
        while decoder.active:
            decoder.step()
        drawn = sum(len(draw.tokens) - 1 for draw in draws)
        return drawn / (time.process_time() - began)

    return rate


def _torch(folder: Path) -> Rate:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, logging

    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    turns = [{"role": "user", "content": QUESTION}]
    ids = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, return_tensors="pt", return_dict=False
    )

    def rate(batch: int) -> float:
        # Releases of transformers call the cache by different names, and warn of the other.
        with torch.inference_mode(), catch_warnings():
            simplefilter("ignore")
            read = model(ids.expand(batch, -1), use_cache=True)
            logits, seen = read.logits[:, -1], read.past_key_values
            began = time.process_time()
            for _ in range(TOKENS):
                drawn = torch.multinomial(logits.softmax(-1), 1)
                logits = model(drawn, past_key_values=seen, use_cache=True).logits[:, -1]
        return batch * TOKENS / (time.process_time() - began)

    return rate


@contextmanager
def _llama_cpp(slots: int) -> Iterator[Rate]:
    with LlamaServer(fetched(SMOLLM2), name=NAME, context=256, slots=slots, threads=1) as server:
        yield lambda batch: asyncio.run(_served(server, batch))


async def _served(server: LlamaServer, batch: int) -> float:
    connection = Connection(server.url)
    can = await probe(connection, model=NAME)
    model = HTTPGenerator(
        Model(name=NAME, context_length=can.context_length),
        connection=connection,
        capabilities=can.capabilities,
        dialect=can.dialect,
    )
    messages, sampling = (Message("user", QUESTION),), Sampling(temperature=1, max_tokens=TOKENS)
    began = cpu_seconds(server.process)
    replies = await asyncio.gather(
        *(
            model.generate(
                GenerateRequest(messages=messages, sampling=sampling, seeds=(seed,)), Meter()
            )
            for seed in range(batch)
        )
    )
    took = cpu_seconds(server.process) - began
    await connection.close()
    return sum(reply.usage.completion_tokens for reply in replies) / took
