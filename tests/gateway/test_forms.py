"""The other forms of the API: responses, completions, the list of models."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.gateway.conftest import key, listening
from tts.backends.fault_server import FaultPlan, FaultServer
from tts.backends.openai_http import HTTPGenerator
from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.gateway.keys import Key
from tts.values import Completion, FunctionCall, Model, ToolCall


async def test_a_response_has_its_text_and_the_usage_of_all_calls(opened: Any, lab: Any) -> None:
    place = await opened(lab.scripted({0: "\\boxed{1}", 1: "\\boxed{2}", 2: "So \\boxed{2}"}))
    answer = await place.client.responses.create(
        model="scripted@majority_vote(n=3)", input="Which?", instructions="Be short."
    )
    assert answer.output_text == "\\boxed{2}"
    assert (answer.status, answer.usage.output_tokens) == ("completed", 4)
    turns = place.desk.house.generator.requests[0].messages
    assert [(turn.role, turn.content) for turn in turns] == [
        ("system", "Be short."),
        ("user", "Which?"),
    ]


async def test_a_response_is_streamed_by_the_clients_own_helper(opened: Any) -> None:
    place = await opened(ScriptedGenerator("Forty-two, I think."))
    async with place.client.responses.stream(model="scripted", input="Which?") as stream:
        text = "".join(
            [event.delta async for event in stream if event.type == "response.output_text.delta"]
        )
        final = await stream.get_final_response()
    assert text == final.output_text == "Forty-two, I think."
    assert final.usage.total_tokens == 5


async def test_a_response_calls_functions_and_takes_their_outputs(opened: Any) -> None:
    call = Completion(
        text="",
        finish_reason="tool_calls",
        completion_tokens=5,
        tool_calls=(ToolCall("call_0", FunctionCall("look", '{"at": "Oslo"}')),),
    )
    lines: list[Any] = [call, "It rains."]
    generator = ScriptedGenerator(lambda *_: lines.pop(0))
    place = await opened(generator)
    tools = [{"type": "function", "name": "look", "parameters": {"type": "object"}}]
    first = await place.client.responses.create(model="scripted", input="Look.", tools=tools)
    [asked] = first.output
    assert (asked.type, asked.name, asked.arguments) == ("function_call", "look", '{"at": "Oslo"}')
    told = {"type": "function_call_output", "call_id": asked.call_id, "output": "rain"}
    second = await place.client.responses.create(
        model="scripted",
        input=[{"role": "user", "content": "Look."}, asked.model_dump(), told],
        tools=tools,
    )
    assert second.output_text == "It rains."
    assert [turn.role for turn in generator.requests[1].messages] == ["user", "assistant", "tool"]
    assert generator.requests[1].fields["tools"][0]["function"]["name"] == "look"


async def test_a_response_streams_a_function_call(opened: Any) -> None:
    call = Completion(
        text="",
        finish_reason="tool_calls",
        completion_tokens=5,
        tool_calls=(ToolCall("call_0", FunctionCall("look", "{}")),),
    )
    place = await opened(ScriptedGenerator([call]))
    tools = [{"type": "function", "name": "look", "parameters": {"type": "object"}}]
    how: Any = {"model": "scripted", "input": "Look.", "tools": tools}
    async with place.client.responses.stream(**how) as stream:
        kinds = [event.type async for event in stream]
    assert kinds[-1] == "response.completed"
    assert "response.function_call_arguments.done" in kinds


async def test_a_response_that_is_cut_is_incomplete(opened: Any) -> None:
    place = await opened(ScriptedGenerator("one two three"))
    answer = await place.client.responses.create(model="scripted", input="?", max_output_tokens=2)
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")


async def test_a_response_that_leans_on_an_earlier_one_is_refused(opened: Any) -> None:
    place = await opened(ScriptedGenerator("Yes."))
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        await place.client.responses.create(
            model="scripted", input="?", previous_response_id="resp_1"
        )


async def test_a_completion_comes_whole_and_in_pieces(opened: Any) -> None:
    place = await opened(ScriptedGenerator("Yes, it is."))
    whole = await place.client.completions.create(model="scripted", prompt="Is it?")
    assert (whole.choices[0].text, whole.usage.completion_tokens) == ("Yes, it is.", 3)
    stream = await place.client.completions.create(model="scripted", prompt="Is it?", stream=True)
    assert "".join([chunk.choices[0].text async for chunk in stream]) == "Yes, it is."


@pytest.mark.parametrize("how", [{"echo": True}, {"suffix": "x"}, {"best_of": 3}, {"logprobs": 2}])
async def test_what_a_completion_lacks_is_refused(opened: Any, how: Any) -> None:
    place = await opened(ScriptedGenerator("Yes."))
    with pytest.raises(openai.BadRequestError, match=next(iter(how))):
        await place.client.completions.create(model="scripted", prompt="Is it?", **how)


async def test_the_models_are_the_model_with_every_strategy_that_may_stand_behind_it(
    opened: Any,
) -> None:
    place = await opened(ScriptedGenerator("Yes."), keys=[key()])
    names = [model.id for model in (await place.client.models.list()).data]
    assert names[0] == "scripted"
    assert {"scripted@beam_search", "scripted@auto", "scripted@majority_vote"} < set(names)
    assert (await place.client.models.retrieve("scripted@auto")).owned_by == "tts"
    with pytest.raises(openai.NotFoundError):
        await place.client.models.retrieve("gpt-9")


async def test_the_client_of_responses_draws_through_the_gateways_own(opened: Any) -> None:
    async with FaultServer(FaultPlan(words=8, reasoning_tokens=5)) as server:
        generator = HTTPGenerator(Model(name="simulated"), base_url=server.url)
        place = await opened(generator, keys=[Key(name="anybody")])
        async with listening(place.app) as url:
            options: Any = {"base_url": url, "verifier": None}
            async with Engine("openai-responses:simulated", **options) as engine:
                result = await engine.solve("Six by seven?", strategy="majority_vote(n=3)")
        assert server.record.requests == 3
    assert (result.stopped_by, result.missing) == ("done", {})
    assert (result.usage.completion_tokens, result.usage.reasoning_tokens) == (3 * 13, 3 * 5)
