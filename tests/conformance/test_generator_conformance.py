"""One contract for every home of a model: numpy in process, vLLM in process, `vllm serve`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from tts.arithmetic import generate
from tts.backends.embedded.generator import EmbeddedGenerator
from tts.errors import ContextTooLong
from tts.protocols import GenerateReply, GenerateRequest, Generator, Meter
from tts.values import Completion

Ask = Callable[..., GenerateRequest]
GREEDY = {"temperature": 0.0}
TIE = 1e-4
"""Two best log-probabilities nearer than this may be swapped by rounding."""


def drawn(reply: GenerateReply) -> list[Completion]:
    assert None not in reply.completions
    return [draw for draw in reply.completions if draw is not None]


async def draw(subject: Generator, request: GenerateRequest) -> Completion:
    return drawn(await subject.generate(request, Meter()))[0]


def is_tie(left: Completion, right: Completion) -> bool:
    """Whether the first token that differs was a choice between equals."""
    pairs = zip(left.token_ids, right.token_ids, left.logprobs, strict=False)
    gaps = (one.top[0][1] - one.top[1][1] for a, b, one in pairs if a != b)
    return next(gaps, math.inf) < TIE


async def test_greedy_texts_are_those_of_the_embedded_runtime(
    subject: Generator, embedded: EmbeddedGenerator, ask: Ask
) -> None:
    for problem in (one for bin_ in range(1, 6) for one in generate(bin_, 2, 0)):
        request = ask(text=problem.prompt, logprobs=2, max_tokens=160, **GREEDY)
        left, right = await draw(embedded, request), await draw(subject, request)
        assert left.text == right.text or is_tie(left, right)


async def test_a_stop_string_stays_and_is_reported(subject: Generator, ask: Ask) -> None:
    completion = await draw(subject, ask(stop=("\n\n",), **GREEDY))
    assert completion.text.endswith("\n\n")
    assert (completion.stop, completion.finish_reason) == ("\n\n", "stop")


async def test_the_end_of_the_sequence_is_no_stop_string(subject: Generator, ask: Ask) -> None:
    completion = await draw(subject, ask(**GREEDY))
    assert (completion.stop, completion.finish_reason) == (None, "stop")


async def test_a_cut_text_says_so(subject: Generator, ask: Ask) -> None:
    completion = await draw(subject, ask(max_tokens=2, **GREEDY))
    assert (completion.finish_reason, completion.completion_tokens) == ("length", 2)


async def test_a_partial_text_is_continued_and_not_repeated(subject: Generator, ask: Ask) -> None:
    whole = await draw(subject, ask(**GREEDY))
    first = await draw(subject, ask(stop=("\n\n",), **GREEDY))
    rest = await draw(subject, ask(prefix=first.text, **GREEDY))
    assert first.text + rest.text == whole.text


async def test_token_ids_are_those_of_the_text(subject: Generator, ask: Ask) -> None:
    completion = await draw(subject, ask(**GREEDY))
    assert completion.token_ids == (19, 11, 14, 6, 7, 13, 16, 104, 1)
    assert completion.completion_tokens == len(completion.token_ids)


async def test_logprobs_are_those_of_the_embedded_runtime(
    subject: Generator, embedded: EmbeddedGenerator, ask: Ask
) -> None:
    request = ask(logprobs=3, stop=("\n\n",), **GREEDY)
    left, right = await draw(embedded, request), await draw(subject, request)
    assert [one.logprob for one in right.logprobs] == pytest.approx(
        [one.logprob for one in left.logprobs], abs=1e-3
    )
    assert [len(one.top) for one in right.logprobs] == [len(one.top) for one in left.logprobs]
    assert all(a[1] >= b[1] for one in right.logprobs for a, b in pairwise(one.top))


async def test_a_seed_draws_the_same_text_again(subject: Generator, ask: Ask) -> None:
    first = await draw(subject, ask(7, temperature=2.0))
    second = await draw(subject, ask(7, temperature=2.0))
    assert first.text == second.text


async def test_other_seeds_draw_other_texts(subject: Generator, ask: Ask) -> None:
    requests = [ask(seed, temperature=2.0) for seed in range(8)]
    texts = {one.text for one in await asyncio.gather(*(draw(subject, r) for r in requests))}
    assert len(texts) > 1


async def test_several_draws_come_in_one_reply(subject: Generator, ask: Ask) -> None:
    reply = await subject.generate(ask(1, 2, 3, 4, temperature=2.0), Meter())
    assert len(drawn(reply)) == 4
    assert len({one.text for one in drawn(reply)}) > 1


async def test_one_best_token_is_greedy(subject: Generator, ask: Ask) -> None:
    greedy = await draw(subject, ask(**GREEDY))
    assert (await draw(subject, ask(top_k=1))).text == greedy.text
    assert (await draw(subject, ask(top_p=1e-6))).text == greedy.text


async def test_usage_is_what_was_read_and_written(subject: Generator, ask: Ask) -> None:
    meter = Meter()
    reply = await subject.generate(ask(**GREEDY), meter)
    assert reply.usage.prompt_tokens == 11
    assert reply.usage.completion_tokens == drawn(reply)[0].completion_tokens
    assert meter.usage == reply.usage


async def test_the_prompt_is_counted_before_it_is_sent(subject: Generator, ask: Ask) -> None:
    request = ask(**GREEDY)
    await subject.generate(request, Meter())
    assert subject.count_prompt(request.messages, "") == 11


async def test_a_listener_hears_the_whole_text(subject: Generator, ask: Ask) -> None:
    heard = ["", ""]

    def listen(position: int, text: str) -> None:
        heard[position] += text

    reply = await subject.generate(ask(3, 4), Meter(), listen)
    assert heard == [one.text for one in drawn(reply)]


async def test_a_prompt_that_does_not_fit_is_refused(subject: Generator, ask: Ask) -> None:
    with pytest.raises(ContextTooLong):
        await subject.generate(ask(text="9" * 1100), Meter())


async def test_a_cancelled_request_leaves_the_others_running(subject: Generator, ask: Ask) -> None:
    heard = asyncio.Event()

    def listen(position: int, text: str) -> None:
        heard.set()

    long = ask(2, temperature=2.0, max_tokens=512)
    lost = asyncio.create_task(subject.generate(long, Meter(), listen))
    lost.add_done_callback(lambda _: heard.set())
    kept = asyncio.create_task(draw(subject, ask(1)))
    await heard.wait()
    lost.cancel()
    assert (await kept).text
