"""A small language model behind llama.cpp, from the probe to judged solutions: `make test-real`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tts.backends.llama_cpp import SMOLLM2, LlamaServer, fetched
from tts.backends.openai_http import Connection, HTTPGenerator
from tts.backends.probe import probe
from tts.engine import Engine
from tts.errors import BadRequest, ContextTooLong
from tts.protocols import GenerateRequest, Meter
from tts.values import Completion, Message, Model, Sampling

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        find_spec("xllamacpp") is None,
        reason="xllamacpp is not installed here; `make test-real` runs this.",
    ),
]
NAME = "smollm2-135m"
Metric = Callable[[LlamaServer, str], int]
QUESTION = "Tom has 3 apples and buys 4 more. How many apples does he have?"


@pytest.fixture(scope="module")
def server() -> Iterator[LlamaServer]:
    with LlamaServer(fetched(SMOLLM2), name=NAME, context=512, slots=4) as served:
        yield served


@pytest.fixture
async def model(server: LlamaServer) -> AsyncIterator[HTTPGenerator]:
    connection = Connection(server.url)
    found = await probe(connection, model=NAME)
    assert (found.dialect, found.context_length, found.unanswered) == ("llama_cpp", 512, ())
    can = found.capabilities
    assert all([can.prefill, can.logprobs, can.seed, can.keeps_stop, can.reports_usage])
    yield HTTPGenerator(
        Model(name=NAME, context_length=found.context_length),
        connection=connection,
        capabilities=can,
        dialect=found.dialect,
    )
    await connection.close()


def asked(text: str = QUESTION, *, prefix: str = "", draws: int = 1, **how: Any) -> GenerateRequest:
    sampling = Sampling(**{"temperature": 0.0, "max_tokens": 12} | how)
    seeds = tuple(range(7, 7 + draws))
    return GenerateRequest(
        messages=(Message("user", text),), prefix=prefix, sampling=sampling, seeds=seeds
    )


async def drawn(
    model: HTTPGenerator, request: GenerateRequest, listener: Callable[..., Any] | None = None
) -> Completion:
    [draw] = (await model.generate(request, Meter(), listener)).completions
    assert draw is not None
    return draw


async def test_a_partial_answer_is_continued_and_not_repeated(model: HTTPGenerator) -> None:
    request = asked(prefix="Tom has 3 + 4 =")
    pieces: list[str] = []
    whole = await drawn(model, request)
    streamed = await drawn(model, request, lambda _, text: pieces.append(text))
    assert whole.text == streamed.text == "".join(pieces)
    assert whole.text.startswith(" 7") and "3 + 4" not in whole.text[:4]


async def test_log_probabilities_come_with_every_token(model: HTTPGenerator) -> None:
    draw = await drawn(model, asked(logprobs=3, max_tokens=6))
    assert "".join(token.token for token in draw.logprobs) == draw.text
    assert len(draw.logprobs) == draw.completion_tokens == 6
    assert all(len(token.top) == 3 and token.logprob <= 0 for token in draw.logprobs)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_stop_string_ends_a_draw_and_is_named(model: HTTPGenerator, streamed: bool) -> None:
    listener = (lambda _, __: None) if streamed else None
    draw = await drawn(model, asked(prefix="Tom has 3 + 4", stop=("7", "seven")), listener)
    assert (draw.stop, draw.finish_reason) == ("7", "stop") and draw.text.endswith("7")


async def test_a_draw_whose_listener_is_cancelled_leaves_the_server_free(
    model: HTTPGenerator,
) -> None:
    began = asyncio.Event()
    long = asked("Tell a long story about a dog.", max_tokens=400)
    draw = asyncio.create_task(model.generate(long, Meter(), lambda *_: began.set()))
    await began.wait()
    draw.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draw
    assert (await drawn(model, asked(max_tokens=2))).completion_tokens == 2


async def test_several_draws_in_one_request_are_refused_since_their_bill_is_wrong(
    model: HTTPGenerator,
) -> None:
    with pytest.raises(BadRequest, match="one draw per request"):
        await model.generate(asked(draws=2), Meter())


async def test_a_prompt_longer_than_a_slot_is_refused_as_that(model: HTTPGenerator) -> None:
    with pytest.raises(ContextTooLong, match="512"):
        await model.generate(asked("word " * 700), Meter())


async def test_a_draw_that_would_outgrow_its_slot_is_cut_at_the_slots_end(
    model: HTTPGenerator,
) -> None:
    draw = await drawn(model, asked("dog " * 440, max_tokens=200))
    assert draw.finish_reason in ("length", "stop") and draw.completion_tokens <= 512 - 440


async def test_the_ledger_holds_what_the_server_counted_and_another_port_goes_on_with_it(
    server: LlamaServer, metric: Metric, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    options: dict[str, Any] = {"ledger": str(tmp_path / "tts.db"), "job": "job"}
    options["sampling"] = {"temperature": 0.7, "max_tokens": 24}
    how: dict[str, Any] = {"strategy": "majority_vote(n=4)", "budget": "4k tokens"}
    async with Engine(f"openai:{NAME}", base_url=server.url, **options) as engine:
        await engine.solve(QUESTION, strategy="single")
        before = metric(server, "tokens_predicted_total")
        first = await engine.solve(QUESTION, **how)
        predicted = metric(server, "tokens_predicted_total") - before
    assert first.stopped_by == "done"
    assert first.billed.completion_tokens == predicted > 0
    with LlamaServer(fetched(SMOLLM2), name=NAME, context=512, slots=2) as other:
        async with Engine(f"openai:{NAME}", base_url=other.url, **options) as engine:
            again = await engine.solve(QUESTION, **how)
    assert (again.answer, again.usage, again.billed.calls) == (first.answer, first.usage, 0)


@pytest.mark.parametrize("route", ["judge:self", "self-evaluation:self", f"gen-prm:openai:{NAME}"])
async def test_a_judge_is_asked_and_what_cannot_be_read_is_counted(
    server: LlamaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sampling = {"temperature": 0.7, "max_tokens": 24}
    async with Engine(
        f"openai:{NAME}", base_url=server.url, verifier=route, sampling=sampling
    ) as engine:
        result = await engine.solve(QUESTION, strategy="best_of_n(n=2)", budget="4k tokens")
    scored = [one for one in result.candidates if one.score is not None]
    lacking = sum(result.missing.values())
    assert result.stopped_by == ("incomplete" if lacking else "done")
    assert len(scored) + lacking == 2 and set(result.spend) > {"sample"}
    assert all(re.search("no mark|no verdict|without a verdict", why) for why in result.missing)


async def test_steps_are_drawn_one_by_one_and_end_in_an_answer_under_any_budget(
    server: LlamaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sampling = {"temperature": 0.7, "max_tokens": 48}
    async with Engine(
        f"openai:{NAME}", base_url=server.url, verifier="self-evaluation:self", sampling=sampling
    ) as engine:
        result = await engine.solve(
            QUESTION, strategy="beam_search(n=2, branching=2)", budget="2k tokens"
        )
    assert result.error is None and result.candidates
    assert result.usage.tokens <= 2000
