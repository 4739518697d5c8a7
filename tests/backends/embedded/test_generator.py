from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.errors import ContextTooLong, Unavailable
from tts.protocols import GenerateRequest, Generator, Meter
from tts.values import Message, Piece, Sampling

MESSAGES = (Message("user", "Compute (3 + 4) * 2."),)


@pytest.fixture
async def generator() -> AsyncIterator[EmbeddedGenerator]:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("small"))
    yield generator
    await generator.close()


def request(*seeds: int, prefix: str = "", sampling: Sampling | None = None) -> GenerateRequest:
    sampling = sampling or Sampling(max_tokens=64)
    return GenerateRequest(messages=MESSAGES, prefix=prefix, sampling=sampling, seeds=seeds)


async def test_the_small_policy_solves_an_easy_problem(generator: Generator) -> None:
    reply = await generator.generate(request(0, sampling=Sampling(temperature=0)), Meter())
    (completion,) = reply.completions
    assert completion is not None
    assert (completion.text, completion.finish_reason) == ("7 * 2\n\n\\boxed{14}", "stop")


async def test_the_same_seed_draws_the_same_text(generator: Generator) -> None:
    first = await generator.generate(request(5, 6), Meter())
    second = await generator.generate(request(6, 5), Meter())
    assert [draw and draw.text for draw in first.completions] == [
        draw and draw.text for draw in reversed(second.completions)
    ]


async def test_a_prefix_is_continued_and_not_repeated(generator: Generator) -> None:
    reply = await generator.generate(
        request(0, prefix="7 * 2\n\n", sampling=Sampling(temperature=0)), Meter()
    )
    assert reply.completions[0] is not None
    assert reply.completions[0].text == "\\boxed{14}"


async def test_a_stop_string_is_kept_and_reported(generator: Generator) -> None:
    reply = await generator.generate(
        request(0, sampling=Sampling(temperature=0, stop=("\n\n",))), Meter()
    )
    assert reply.completions[0] is not None
    assert (reply.completions[0].text, reply.completions[0].stop) == ("7 * 2\n\n", "\n\n")


async def test_usage_counts_the_prompt_once_for_all_draws(generator: Generator) -> None:
    meter = Meter()
    reply = await generator.generate(request(1, 2, 3), meter)
    assert reply.usage.prompt_tokens == generator.count_prompt(MESSAGES, "")
    assert reply.usage.completion_tokens == sum(
        draw.completion_tokens for draw in reply.completions if draw
    )
    assert meter.usage == reply.usage


async def test_flops_are_two_per_parameter_and_token(generator: Generator) -> None:
    usage = (await generator.generate(request(1, 2), Meter())).usage
    assert generator.model.parameters is not None
    assert usage.flops == 2 * generator.model.parameters * usage.tokens


async def test_cancelling_settles_what_was_drawn(generator: Generator) -> None:
    meter = Meter()
    task = asyncio.create_task(generator.generate(request(*range(64)), meter))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert meter.usage is not None
    assert meter.usage.calls == 1


async def test_a_cancelled_request_leaves_the_others_running(generator: Generator) -> None:
    kept = asyncio.create_task(generator.generate(request(1), Meter()))
    lost = asyncio.create_task(generator.generate(request(2), Meter()))
    await asyncio.sleep(0)
    lost.cancel()
    assert (await kept).completions[0] is not None


async def test_a_listener_hears_the_whole_text(generator: Generator) -> None:
    heard = {0: "", 1: ""}

    def listen(position: int, text: str) -> None:
        heard[position] += text

    reply = await generator.generate(request(3, 4), Meter(), listen)
    assert [heard[0], heard[1]] == [draw and draw.text for draw in reply.completions]


async def test_a_prompt_beyond_the_context_is_refused(generator: Generator) -> None:
    with pytest.raises(ContextTooLong):
        await generator.generate(request(0, sampling=Sampling(max_tokens=1024)), Meter())


async def test_a_closed_generator_is_unavailable() -> None:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("small"))
    await generator.close()
    with pytest.raises(Unavailable):
        await generator.generate(request(0), Meter())


async def test_closing_fails_the_draws_under_way() -> None:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("small"), rows=1)
    task = asyncio.create_task(generator.generate(request(*range(64)), Meter()))
    await asyncio.sleep(0)
    await generator.close()
    with pytest.raises(Unavailable):
        await task


async def test_the_event_loop_stays_free_while_drawing(generator: Generator) -> None:
    task = asyncio.create_task(generator.generate(request(*range(64)), Meter()))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10


async def test_streamed_pieces_carry_the_log_probabilities_of_their_tokens(
    generator: Generator,
) -> None:
    heard: list[Piece] = []

    def listen(_: int, text: str) -> None:
        assert isinstance(text, Piece)
        heard.append(text)

    sampling = Sampling(max_tokens=64, logprobs=4)
    reply = await generator.generate(request(0, sampling=sampling), Meter(), listen)
    told = [token for piece in heard for token in piece.logprobs]
    assert reply.completions[0] is not None
    assert tuple(told) == reply.completions[0].logprobs[: len(told)]
    assert len(told) >= len(reply.completions[0].logprobs) - 1
