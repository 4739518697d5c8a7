"""Tools, structured outputs and what else goes on to the model's server as it stands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tts.backends.fault_server import FaultPlan, FaultServer
from tts.backends.openai_http import HTTPGenerator
from tts.backends.scripted import ScriptedGenerator
from tts.values import Completion, FunctionCall, Model, ToolCall

LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
TURN = [{"role": "user", "content": "Look at Oslo"}]


def calls(*arguments: str) -> list[Completion]:
    return [
        Completion(
            text="",
            finish_reason="tool_calls",
            completion_tokens=5,
            tool_calls=(ToolCall(f"call_{place}", FunctionCall("look", told)),),
        )
        for place, told in enumerate(arguments)
    ]


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer(FaultPlan(calls_tool="look", words=8)) as server:
        yield server


def behind(server: FaultServer) -> HTTPGenerator:
    return HTTPGenerator(Model(name="simulated"), base_url=server.url)


async def test_a_tool_call_goes_to_the_client_and_its_answer_to_the_model(
    opened: Any, server: FaultServer
) -> None:
    place = await opened(behind(server))
    chat = place.client.chat.completions
    first = await chat.create(model="simulated", messages=TURN, tools=[LOOK])
    [call] = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, json.loads(call.function.arguments)) == ("look", {"of": "Oslo"})
    turn = first.choices[0].message.model_dump(exclude_none=True)
    told = {"role": "tool", "tool_call_id": call.id, "content": "It rains."}
    second = await chat.create(model="simulated", messages=[*TURN, turn, told], tools=[LOOK])
    assert second.choices[0].finish_reason == "stop"
    sent = json.loads(server.record.seen[-1].body)
    assert sent["tools"] == [LOOK]
    assert sent["messages"][1]["tool_calls"][0]["function"]["name"] == "look"
    assert sent["messages"][2] == {"role": "tool", "content": "It rains.", "tool_call_id": call.id}


async def test_a_vote_over_tool_calls_goes_by_name_and_arguments(opened: Any) -> None:
    drawn = calls('{"a": 1, "b": 2}', '{"a": 3}', '{"b":2,"a":1}')
    place = await opened(ScriptedGenerator(drawn))
    answer = await place.client.chat.completions.create(
        model="scripted@majority_vote(n=3)", messages=TURN, tools=[LOOK]
    )
    [call] = answer.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"a": 1, "b": 2}
    assert answer.usage.completion_tokens == 15


async def test_a_tool_call_is_streamed_in_the_shape_of_the_api(opened: Any) -> None:
    place = await opened(ScriptedGenerator(calls('{"a": 1}')))
    async with place.client.chat.completions.stream(
        model="scripted", messages=TURN, tools=[LOOK]
    ) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.arguments == '{"a": 1}'
    assert final.choices[0].finish_reason == "tool_calls"


async def test_a_response_format_reaches_the_server_and_equal_objects_vote_together(
    opened: Any,
) -> None:
    generator = ScriptedGenerator(['{"a": 1, "b": 2}', '{"a": 3}', '{"b": 2, "a": 1}'])
    place = await opened(generator)
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    answer = await place.client.chat.completions.create(
        model="scripted@majority_vote(n=3)", messages=TURN, response_format=shape
    )
    assert json.loads(answer.choices[0].message.content) == {"a": 1, "b": 2}
    assert {json.dumps(one.fields["response_format"]) for one in generator.requests} == {
        json.dumps(shape)
    }


async def test_what_tools_add_to_a_prompt_is_reserved(opened: Any) -> None:
    place = await opened(ScriptedGenerator("Yes."))
    chat = place.client.chat.completions
    how = {"model": "scripted", "messages": TURN, "extra_body": {"tts": {"budget": "600 tokens"}}}
    await chat.create(**how)
    with pytest.raises(Exception, match="too small"):
        await chat.create(**how, tools=[LOOK])


async def test_the_effort_of_a_reasoning_model_goes_on_and_its_thoughts_are_charged(
    opened: Any,
) -> None:
    async with FaultServer(FaultPlan(reasoning_tokens=30, words=10)) as server:
        place = await opened(behind(server))
        answer = await place.client.chat.completions.create(
            model="simulated", messages=TURN, reasoning_effort="low", max_completion_tokens=100
        )
        assert json.loads(server.record.seen[-1].body)["reasoning_effort"] == "low"
    assert answer.usage.completion_tokens_details.reasoning_tokens == 30
    assert answer.usage.completion_tokens == 40


LOOPS = {"max_pattern_size": 8, "min_count": 3}
HINTS = {"priority": -1, "repetition_detection": LOOPS}


@pytest.mark.parametrize(
    ("dialect", "sent"),
    [("vllm", {"thinking_token_budget": 64, **HINTS}), ("openai", {"thinking_token_budget": 64})],
)
async def test_a_budget_of_thoughts_goes_on_to_every_server_and_hints_to_vllm_alone(
    opened: Any, dialect: Any, sent: dict[str, Any]
) -> None:
    async with FaultServer(FaultPlan(reasoning_tokens=30, words=10)) as server:
        model = Model(name="simulated")
        place = await opened(HTTPGenerator(model, base_url=server.url, dialect=dialect))
        answer = await place.client.chat.completions.create(
            model="simulated",
            messages=TURN,
            max_completion_tokens=100,
            extra_body={"thinking_token_budget": 64, **HINTS},
        )
        body = json.loads(server.record.seen[-1].body)
    assert {name: body[name] for name in ("thinking_token_budget", *HINTS) if name in body} == sent
    assert answer.usage.completion_tokens == 40


async def test_the_effort_of_a_response_goes_on_and_its_thoughts_are_charged(opened: Any) -> None:
    async with FaultServer(FaultPlan(reasoning_tokens=30, words=10)) as server:
        place = await opened(behind(server))
        answer = await place.client.responses.create(
            model="simulated@majority_vote(n=2)",
            input="Which?",
            reasoning={"effort": "high"},
            max_output_tokens=100,
        )
        assert json.loads(server.record.seen[-1].body)["reasoning_effort"] == "high"
    assert answer.usage.output_tokens_details.reasoning_tokens == 2 * 30
    assert answer.usage.output_tokens == 2 * 40
