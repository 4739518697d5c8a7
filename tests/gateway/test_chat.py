"""Chats through the official client, unmodified."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.values import Completion


async def ask(client: Any, text: str = "What is six times seven?", **how: Any) -> Any:
    return await client.chat.completions.create(
        model=how.pop("model", "scripted"), messages=[{"role": "user", "content": text}], **how
    )


async def test_a_request_without_a_strategy_is_one_draw(opened: Any) -> None:
    generator = ScriptedGenerator("Forty-two, I think.")
    place = await opened(generator)
    answer = await ask(place.client)
    assert answer.choices[0].message.content == "Forty-two, I think."
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (6, 3)
    assert [len(one.seeds) for one in generator.requests] == [1]


async def test_a_strategy_behind_the_models_name_votes_and_the_usage_has_every_draw(
    opened: Any, lab: Any
) -> None:
    lines = {0: "It is \\boxed{41}.", 1: "It is \\boxed{42}.", 2: "So, \\boxed{42}."}
    place = await opened(lab.scripted(lines))
    answer = await ask(place.client, model="scripted@majority_vote(n=3)")
    assert answer.choices[0].message.content == "It is \\boxed{42}."
    assert answer.usage.completion_tokens == 3 + 3 + 2
    assert answer.usage.prompt_tokens == 3 * 6
    assert answer.tts["calls"] == 3
    assert answer.tts["strategy"] == "majority_vote"


async def test_the_whole_conversation_reaches_the_model_as_it_stands(opened: Any) -> None:
    generator = ScriptedGenerator("Fine.")
    place = await opened(generator)
    await place.client.chat.completions.create(
        model="scripted",
        messages=[
            {"role": "developer", "content": "Be short."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "How"}, {"type": "text", "text": " so?"}],
            },
            {"role": "assistant", "content": "So."},
            {"role": "user", "content": "Why?"},
        ],
    )
    [request] = generator.requests
    told = [(turn.role, turn.content) for turn in request.messages]
    assert told == [
        ("system", "Be short."),
        ("user", "How so?"),
        ("assistant", "So."),
        ("user", "Why?"),
    ]


async def test_sampling_is_the_clients(opened: Any) -> None:
    generator = ScriptedGenerator("a b STOP c")
    place = await opened(generator)
    answer = await ask(place.client, temperature=0.3, top_p=0.5, max_tokens=9, stop=["STOP"])
    [request] = generator.requests
    drawn = request.sampling
    assert (drawn.temperature, drawn.top_p, drawn.max_tokens, drawn.stop) == (
        0.3,
        0.5,
        9,
        ("STOP",),
    )
    assert answer.choices[0].message.content == "a b "


async def test_a_draw_that_a_stop_string_ended_says_stop(opened: Any) -> None:
    place = await opened(ScriptedGenerator("a b STOP c"))
    for strategy in ("single", "majority_vote(n=2)"):
        answer = await ask(place.client, model=f"scripted@{strategy}", stop=["STOP"])
        choice = answer.choices[0]
        assert (choice.message.content, choice.finish_reason) == ("a b ", "stop")


async def test_draws_that_a_stop_string_ended_vote_like_those_that_ended_by_themselves(
    opened: Any, lab: Any
) -> None:
    lines = {0: "Lyon", 1: "Paris STOP, of course", 2: "Paris"}
    place = await opened(lab.scripted(lines))
    answer = await ask(place.client, model="scripted@majority_vote(n=3)", stop=[" STOP"])
    choice = answer.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("Paris", "stop")
    assert answer.tts["stopped_by"] == "done"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("stop", "stop"),
        ("unknown", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("refusal", "content_filter"),
        ("reasoning_only", "stop"),
        ("tool_calls", "stop"),
    ],
)
@pytest.mark.parametrize("strategy", ["single", "majority_vote(n=1)"])
async def test_an_answer_says_how_its_draw_ended(
    opened: Any, strategy: str, reason: Any, told: str
) -> None:
    place = await opened(ScriptedGenerator([Completion(text="So.", finish_reason=reason)]))
    answer = await ask(place.client, model=f"scripted@{strategy}")
    assert answer.choices[0].finish_reason == told


async def test_a_draw_that_is_cut_says_length(opened: Any) -> None:
    place = await opened(ScriptedGenerator("one two three four"))
    answer = await ask(place.client, max_tokens=2)
    assert (answer.choices[0].finish_reason, answer.choices[0].message.content) == (
        "length",
        "one two",
    )


async def test_n_choices_are_n_different_draws(opened: Any) -> None:
    generator = ScriptedGenerator(lambda *_: f"draw {len(generator.requests)}")
    place = await opened(generator)
    answer = await ask(place.client, n=3)
    assert sorted(choice.message.content for choice in answer.choices) == [
        "draw 1",
        "draw 2",
        "draw 3",
    ]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.usage.completion_tokens == 6


async def test_headers_say_what_was_spent_what_is_left_and_where_it_is_written(opened: Any) -> None:
    place = await opened(ScriptedGenerator("Yes."))
    raw = await place.client.chat.completions.with_raw_response.create(
        model="scripted",
        messages=[{"role": "user", "content": "Is it so?"}],
        extra_headers={"x-tts-budget": "400 tokens"},
    )
    assert raw.headers["x-tts-spent"] == "1 calls, 5 tokens"
    assert raw.headers["x-tts-left"] == "395 tokens, 63 calls"
    assert raw.headers["x-tts-stopped-by"] == "done"
    assert raw.headers["x-tts-job"] == "gateway.alice"
    assert raw.parse().tts["runs"] == [raw.headers["x-tts-run-id"]]
    assert raw.parse().id == f"chatcmpl-{raw.headers['x-request-id']}"


async def test_strategy_and_budget_may_stand_in_extra_body(opened: Any, lab: Any) -> None:
    place = await opened(lab.words("\\boxed{42}"))
    how = {"tts": {"strategy": "best_of_n(n=2)", "budget": "10 calls"}}
    answer = await ask(place.client, extra_body=how)
    assert answer.tts["spend"].keys() == {"sample", "verify"}
    assert answer.tts["left"] == "7 calls"  # equal texts share a verdict


async def test_a_chat_streams_and_its_last_chunk_has_the_usage(opened: Any) -> None:
    place = await opened(ScriptedGenerator("Forty-two, I think."))
    chunks = [
        chunk
        async for chunk in await ask(
            place.client, stream=True, stream_options={"include_usage": True}
        )
    ]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "Forty-two, I think."
    assert chunks[-1].usage.completion_tokens == 3
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


async def test_a_vote_streams_the_chosen_answer_alone(opened: Any, lab: Any) -> None:
    place = await opened(lab.scripted({0: "\\boxed{1}", 1: "\\boxed{2}", 2: "So \\boxed{2}"}))
    stream = await ask(place.client, model="scripted@majority_vote(n=3)", stream=True)
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == "\\boxed{2}"


async def test_progress_is_a_comment_that_clients_skip(opened: Any, lab: Any) -> None:
    slow = lab.Slow(lab.words("\\boxed{42}"), fixed=0.12)
    place = await opened(slow, progress=0.05)
    body = {
        "model": "scripted@majority_vote(n=2)",
        "messages": [{"role": "user", "content": "six by seven?"}],
        "stream": True,
    }
    headers = {"authorization": f"Bearer {place.client.api_key}"}
    answer = await place.http.post("http://gateway/v1/chat/completions", json=body, headers=headers)
    comments = [line[6:] for line in answer.text.splitlines() if line.startswith(": tts ")]
    assert json.loads(comments[0])["calls"] == 0
    assert json.loads(comments[-1])["calls"] == 2
    assert answer.text.endswith("data: [DONE]\n\n")


async def test_equal_requests_are_drawn_afresh_and_one_sent_again_is_not(opened: Any) -> None:
    generator = ScriptedGenerator("Yes.")
    place = await opened(generator)
    await ask(place.client)
    await ask(place.client)
    assert len(generator.requests) == 2
    again = {"idempotency-key": "order-66"}
    first = await ask(place.client, extra_headers=again)
    second = await ask(place.client, extra_headers=again)
    assert len(generator.requests) == 3
    assert second.tts["billed"]["calls"] == 0
    assert second.usage == first.usage
