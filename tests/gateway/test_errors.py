"""What cannot be carried out: the API's own error shape, a 4xx, and nothing spent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest

from tests.gateway.conftest import SECRET, key
from tts.backends.scripted import ScriptedGenerator
from tts.errors import BadRequest, ContextTooLong, Unauthorized, Unavailable
from tts.executor.limits import RetryPolicy
from tts.values import Budget

TURN = [{"role": "user", "content": "Is it so?"}]


async def asked(client: Any, **how: Any) -> Any:
    return await client.chat.completions.create(**{"model": "scripted", "messages": TURN, **how})


@pytest.fixture
async def place(opened: Any) -> Any:
    """A gateway on a model that notes what it is asked."""
    place = await opened(ScriptedGenerator("Yes."), most_bytes=10_000)
    yield place
    assert place.desk.house.generator.requests == []


async def test_a_wrong_key_is_a_401(place: Any) -> None:
    with pytest.raises(openai.AuthenticationError) as raised:
        await asked(place.another("sk-wrong"))
    assert raised.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"model": "scripted@majority_votes"}, "majority_vote"),
        ({"model": "scripted@majority_vote(n=0)"}, "n is a whole number"),
        ({"model": "scripted@best_of_n(m=3)"}, "no parameter 'm'"),
        ({"model": "scripted@best_of_n(n=1000000)"}, "above the 64 calls"),
        ({"model": "scripted@compute_optimal(policy=policy.json)"}, "names a file"),
        ({"extra_body": {"tts": {"budget": "1 token"}}}, "too small"),
        ({"extra_body": {"tts": {"budget": "plenty"}}}, "not an amount"),
        ({"extra_body": {"tts": {"task": "riddle"}}}, "no task 'riddle'"),
        ({"extra_body": {"tts": {"stratgy": "single"}}}, "stratgy"),
        ({"extra_body": {"budget": "5 calls"}}, "budget stands in tts"),
        ({"extra_body": {"strategy": "single"}}, "strategy stands in tts"),
        ({"extra_headers": {"x-tts-budget": "0.5 dollars"}}, "price"),
        ({"n": 1_000_000}, "n is between 1 and 16"),
        ({"n": 0}, "n is between"),
        ({"seed": 1 << 63}, "at most 64 bits"),
        ({"temperature": -1}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "at least one"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "wizard"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "image_url"),
        ({"messages": "hello"}, "messages"),
        ({"logprobs": True}, "logprobs is not supported"),
        ({"modalities": ["audio"]}, "modalities"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_cannot_be_carried_out_is_a_400(place: Any, how: Any, says: str) -> None:
    with pytest.raises(openai.BadRequestError, match="(?i)" + says) as raised:
        await asked(place.client, **how)
    assert raised.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    ("how", "param"),
    [
        ({"temperature": -1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"extra_body": {"top_k": "many"}}, "top_k"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"model": "scripted@majority_votes"}, "strategy"),
        ({"model": "scripted@best_of_n(m=3)"}, "strategy"),
        ({"model": "scripted@best_of_n(n=1000000)"}, "strategy"),
        ({"extra_body": {"tts": {"budget": "plenty"}}}, "budget"),
        ({"extra_headers": {"x-tts-budget": "1 token"}}, "budget"),
        ({"extra_body": {"tts": {"task": "riddle"}}}, "task"),
        ({"n": 1_000_000}, "n"),
        ({"seed": 1 << 63}, "seed"),
        ({"stop": 3}, "stop"),
        ({"messages": "hello"}, "messages"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_error_names_the_field_that_it_is_about(place: Any, how: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await asked(place.client, **how)
    assert raised.value.param == param


async def test_a_response_names_the_bound_that_it_knows(place: Any) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await place.client.responses.create(model="scripted", input="?", max_output_tokens=0)
    assert raised.value.param == "max_output_tokens"


async def test_a_stream_that_cannot_be_carried_out_is_a_400_as_well(place: Any) -> None:
    with pytest.raises(openai.BadRequestError):
        await asked(place.client, stream=True, extra_body={"tts": {"budget": "1 token"}})


async def test_another_model_is_a_404(place: Any) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        await asked(place.client, model="gpt-9")
    assert raised.value.code == "model_not_found"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 5000, b"null"])
@pytest.mark.parametrize("path", ["chat/completions", "completions", "responses"])
async def test_a_body_that_is_no_object_is_a_400(place: Any, path: str, body: bytes) -> None:
    answer = await place.http.post(
        f"http://gateway/v1/{path}", content=body, headers={"authorization": f"Bearer {SECRET}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


async def test_a_body_above_the_limit_is_a_413_unread(place: Any) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        await asked(place.client, messages=[{"role": "user", "content": "x" * 20_000}])
    assert (raised.value.status_code, raised.value.code) == (413, "body_too_large")


async def test_a_body_that_hides_its_length_is_a_413_once_it_is_too_long(place: Any) -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        for _ in range(1000):
            read += 1000
            yield b"x" * 1000

    answer = await place.http.post(
        "http://gateway/v1/chat/completions",
        content=endless(),
        headers={"authorization": f"Bearer {SECRET}"},
    )
    assert answer.status_code == 413
    assert read <= 12_000


async def test_an_unknown_path_and_method_have_the_shape_of_the_api(place: Any) -> None:
    answer = await place.http.get("http://gateway/v1/chat/completions")
    assert (answer.status_code, answer.json()["error"]["type"]) == (405, "invalid_request_error")
    answer = await place.http.post("http://gateway/v1/embeddings", json={})
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")


async def test_tools_for_a_model_that_takes_none_are_refused(opened: Any, lab: Any) -> None:
    generator = lab.Slow(ScriptedGenerator("Yes."))
    generator.takes_fields = False
    place = await opened(generator)
    with pytest.raises(openai.BadRequestError, match="takes no tools"):
        await asked(place.client, tools=[{"type": "function", "function": {"name": "look"}}])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ContextTooLong("too long"), 400),
        (BadRequest("no such field"), 400),
        (Unavailable("gone"), 503),
    ],
)
async def test_what_the_models_server_says_gets_the_status_that_fits(
    opened: Any, error: Any, status: int
) -> None:
    place = await opened(ScriptedGenerator(lambda *_: error))
    place.desk.house.limits.__dict__["retry"] = RetryPolicy(retries=0)
    with pytest.raises(openai.APIStatusError) as raised:
        await asked(place.client)
    assert raised.value.status_code == status


async def test_a_key_that_the_models_server_refuses_is_the_gateways_fault_and_passes(
    opened: Any,
) -> None:
    lines: list[Any] = [Unauthorized("wrong key"), "Yes."]
    place = await opened(ScriptedGenerator(lambda *_: lines.pop(0)))
    with pytest.raises(openai.APIStatusError) as raised:
        await asked(place.client)
    assert raised.value.status_code == 502
    assert "wrong key" not in str(raised.value)
    answer = await asked(place.client)
    assert answer.choices[0].message.content == "Yes."


@pytest.mark.parametrize("streams", [False, True])
async def test_a_client_that_hangs_up_is_heard_within_a_second(
    opened: Any, lab: Any, streams: bool
) -> None:
    slow = lab.Slow(ScriptedGenerator("Yes."), fixed=0.0)
    place = await opened(slow)
    await asked(place.client)
    slow.fixed = 60.0
    body = {"model": "scripted@majority_vote(n=4)", "messages": TURN, "stream": streams}
    told = [{"type": "http.request", "body": json.dumps(body).encode()}]
    sent: list[Any] = []

    async def receive() -> Any:
        if told:
            return told.pop()
        await asyncio.sleep(0.3)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {SECRET}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers}
    async with asyncio.timeout(1.3):
        await place.app(scope, receive, send)
    assert (slow.most, slow.open, slow.cancelled, sent) == (4, 0, 4, [])


async def test_a_wallet_that_is_empty_is_a_429_and_stays_so_after_a_restart(opened: Any) -> None:
    small = key(budget=Budget(tokens=700))
    place = await opened(ScriptedGenerator("Yes."), keys=[small])
    spent = 0
    with pytest.raises(openai.RateLimitError) as raised:
        for _ in range(1000):
            spent += (await asked(place.client)).usage.total_tokens
    assert raised.value.code == "insufficient_quota"
    assert "This key's budget of 700 tokens" in raised.value.message
    assert "job" not in raised.value.message and "wallet" not in raised.value.message
    assert 0 < spent <= 700
    await place.desk.close()
    again = await opened(ScriptedGenerator("Yes."), keys=[small])
    with pytest.raises(openai.RateLimitError):
        await asked(again.client)


async def test_a_key_has_no_more_requests_in_flight_than_it_may(opened: Any, lab: Any) -> None:
    slow = lab.Slow(ScriptedGenerator("Yes."), fixed=0.2)
    place = await opened(slow, keys=[key(in_flight=2)])
    answers = await asyncio.gather(*(asked(place.client) for _ in range(5)), return_exceptions=True)
    refused = [one for one in answers if isinstance(one, openai.RateLimitError)]
    assert len(refused) == 3
    assert refused[0].response.headers["retry-after"] == "1"


async def test_a_key_uses_the_strategies_that_it_may(opened: Any) -> None:
    place = await opened(ScriptedGenerator("Yes."), keys=[key(strategies=("single",))])
    with pytest.raises(openai.PermissionDeniedError) as raised:
        await asked(place.client, model="scripted@majority_vote")
    assert raised.value.code == "strategy_not_allowed"
    listed = await place.client.models.list()
    assert [model.id for model in listed.data] == ["scripted", "scripted@single"]


async def test_the_ceiling_of_a_key_holds_whatever_a_request_asks_for(opened: Any) -> None:
    generator = ScriptedGenerator("\\boxed{42} " * 8)
    place = await opened(generator, keys=[key(request=Budget(tokens=100), calls=10)])
    answer = await asked(
        place.client,
        model="scripted@majority_vote(n=10)",
        extra_body={"tts": {"budget": "1m tokens, 1000 calls"}},
    )
    assert answer.usage.total_tokens <= 100
    assert answer.tts["stopped_by"] == "budget"
    assert answer.choices[0].message.content.startswith("\\boxed{42}")


async def test_an_event_stream_that_is_cut_ends_with_an_error_event_and_no_end(
    opened: Any,
) -> None:
    place = await opened(ScriptedGenerator("Yes."), progress=0.01)
    generator = place.desk.house.generator

    async def broken(request: Any, meter: Any, listener: Any = None) -> Any:
        listener(0, "Ye")
        await asyncio.sleep(0.05)
        raise BadRequest("the server hung up")

    generator.generate = broken
    with pytest.raises(openai.APIError, match="hung up"):
        async for _ in await asked(place.client, stream=True):
            pass
