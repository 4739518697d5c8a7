"""Strategies that read documents, on a small language model: end to end, and exactly accounted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tts.backends.llama_cpp import SMOLLM2, LlamaServer, fetched
from tts.backends.openai_http import Connection, HTTPGenerator
from tts.backends.probe import probe
from tts.engine import Engine
from tts.errors import CallError
from tts.protocols import GenerateRequest, Meter
from tts.retrieval import Corpus, Dense, ServedVectors
from tts.strategies.retrieval.self_ask import PREFIXES, grammar
from tts.values import Document, Message, Model, Problem, Sampling

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        find_spec("xllamacpp") is None,
        reason="xllamacpp is not installed here; `make test-real` runs this.",
    ),
]
NAME = "smollm2-135m"
QUESTION = "Where was the director of Glass Harbour born?"
PASSAGES = (
    Document("film", "Glass Harbour was directed by Ida Brandt in 1962.", "Glass Harbour"),
    Document("person", "Ida Brandt was born in the town of Visby.", "Ida Brandt"),
    Document("town", "Visby lies on the island of Gotland.", "Visby"),
    Document("soup", "Add salt and onions, then boil the water for an hour.", "Soup"),
)
SHOT = {
    "question": "Where does the author of Blue Mill live?",
    "answer": "Turku",
    "documents": [{"id": "mill", "text": "Aino Salo, who wrote Blue Mill, lives in Turku."}],
    "hops": [{"question": "Who wrote Blue Mill?", "answer": "Aino Salo"}],
}
COUNTERS = ("tokens_predicted_total", "prompt_tokens_total")
STRATEGIES = [
    "zero_shot_qa",
    "many_shot_qa(m=1)",
    "rag(k=2)",
    "drag(k=2, m=1)",
    "iterdrag(k=1, m=1, n=2)",
    "iterdrag(k=1, n=1, layout=stable, samples=2)",
    "hop_graph(k=1)",
    "adaptive_rag(k=2, n=1)",
]


@pytest.fixture(scope="module")
def server() -> Iterator[LlamaServer]:
    with LlamaServer(fetched(SMOLLM2), name=NAME, context=1024, slots=4, embeddings=True) as served:
        yield served


@pytest.fixture
def how(server: LlamaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An engine's options, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    corpus, shots = tmp_path / "corpus.jsonl", tmp_path / "shots.jsonl"
    rows = [{"id": one.id, "title": one.title, "text": one.text} for one in PASSAGES]
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shots.write_text(json.dumps(SHOT) + "\n")
    return {
        "base_url": server.url,
        "corpus": corpus,
        "demonstrations": shots,
        "ledger": str(tmp_path / "tts.db"),
        "job": "job",
        "sampling": {"temperature": 0.7, "max_tokens": 10},
    }


async def test_every_strategy_that_reads_runs_to_its_end_and_its_ledger_is_the_servers(
    server: LlamaServer, how: dict[str, Any], metric: Callable[[LlamaServer, str], int]
) -> None:
    problem = Problem(id="q", prompt=QUESTION, task="qa")
    async with Engine(f"openai:{NAME}", **how) as engine:
        await engine.solve(Problem(id="probe", prompt="?", task="qa"), strategy="zero_shot_qa")
        for strategy in STRATEGIES:
            before = [metric(server, one) for one in COUNTERS]
            result = await engine.solve(problem, strategy=strategy)
            drawn, read = (
                metric(server, one) - was for one, was in zip(COUNTERS, before, strict=True)
            )
            billed = result.billed
            assert billed.completion_tokens == drawn, strategy
            assert billed.prompt_tokens - billed.cached_prompt_tokens == read, strategy
            assert result.stopped_by == "done" and result.missing == {}, strategy
            found = result.spend.get("retrieve")
            assert (found is not None) == ("k=" in strategy), strategy
            again = await engine.solve(problem, strategy=strategy)
            assert (again.answer, again.usage, again.billed.calls) == (
                result.answer,
                result.usage,
                0,
            )


async def test_a_line_has_one_of_the_allowed_prefixes_in_a_hundred_of_a_hundred_draws(
    server: LlamaServer,
) -> None:
    connection = Connection(server.url)
    found = await probe(connection, model=NAME)
    model = HTTPGenerator(
        Model(name=NAME, context_length=found.context_length),
        connection=connection,
        capabilities=found.capabilities,
        dialect=found.dialect,
    )
    kinds = (("follow_up", "final"), ("intermediate",), ("final",), ("follow_up",))

    async def line(place: int) -> bool:
        allowed: Any = kinds[place % len(kinds)]
        asked = GenerateRequest(
            messages=(Message("user", f"{QUESTION} Say the next line."),),
            sampling=Sampling(temperature=1.0, max_tokens=8),
            seeds=(place,),
            guide=grammar(allowed),
        )
        [draw] = (await model.generate(asked, Meter())).completions
        assert draw is not None
        heads = [f"{PREFIXES[kind]} " for kind in allowed]
        begun = draw.finish_reason == "length" and any(one.startswith(draw.text) for one in heads)
        return "\n" not in draw.text and (begun or draw.text.startswith(tuple(heads)))

    held = await asyncio.gather(*map(line, range(100)))
    await connection.close()
    assert sum(held) == 100


async def test_the_server_embeds_and_its_vectors_find_documents(
    server: LlamaServer, how: dict[str, Any]
) -> None:
    served = await asyncio.to_thread(ServedVectors, NAME, server.url)
    dense = await asyncio.to_thread(Dense, Corpus(PASSAGES), served)
    [first, *_] = await dense.retrieve(PASSAGES[3].whole, 2)
    assert (served.size, first.id) == (576, "soup")
    async with Engine(f"openai:{NAME}", retriever=f"embeddings:{NAME}", **how) as engine:
        result = await engine.solve(QUESTION, strategy="rag(k=2)")
    assert result.stopped_by == "done" and result.spend["retrieve"].calls == 1


async def test_a_text_that_is_longer_than_the_server_reads_is_told_in_one_line(
    server: LlamaServer,
) -> None:
    served = await asyncio.to_thread(ServedVectors, NAME, server.url)
    long = Corpus((Document("long", "word " * 1500),))
    with pytest.raises(CallError, match=r"1024|too large") as caught:
        await asyncio.to_thread(Dense, long, served)
    assert "\n" not in str(caught.value)
