"""Several models behind one gateway: each by its name, under one wallet and in one ledger."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.gateway.conftest import Place, key
from tts.backends.scripted import ScriptedGenerator
from tts.values import Budget, Completion, Model

TURN: Any = [{"role": "user", "content": "Who are you?"}]


def saying(text: str, model: str) -> ScriptedGenerator:
    return ScriptedGenerator(lambda *_: text, model=Model(name=model))


async def two(opened: Any, **how: Any) -> Place:
    place: Place = await opened(saying("A.", "a-7b"), beside={"b": saying("B.", "b-70b")}, **how)
    return place


async def asked(place: Place, model: str, **how: Any) -> Any:
    return await place.client.chat.completions.create(model=model, messages=TURN, **how)


async def test_each_model_answers_by_its_name_and_the_first_one_without_a_name(opened: Any) -> None:
    place = await two(opened)
    said = [await asked(place, name) for name in ("a-7b", "b", "b@majority_vote(n=2)", "default")]
    assert [one.choices[0].message.content for one in said] == ["A.", "B.", "B.", "A."]
    assert [one.model for one in said] == ["a-7b", "b", "b", "a-7b"]


async def test_each_model_is_listed_with_its_strategies(opened: Any) -> None:
    place = await two(opened, keys=[key(strategies=("single", "best_of_n"))])
    names = [model.id for model in (await place.client.models.list()).data]
    assert names == ["a-7b", "a-7b@best_of_n", "a-7b@single", "b", "b@best_of_n", "b@single"]
    assert (await place.client.models.retrieve("b@single")).id == "b@single"


async def test_another_model_is_a_404_that_names_those_that_there_are(opened: Any) -> None:
    place = await two(opened)
    with pytest.raises(openai.NotFoundError, match="a-7b, b") as raised:
        await asked(place, "c")
    assert raised.value.param == "model"


async def test_the_models_of_a_key_share_its_wallet(opened: Any) -> None:
    place = await two(opened, keys=[key(budget=Budget(calls=2))])
    await asked(place, "a-7b")
    await asked(place, "b")
    with pytest.raises(openai.RateLimitError, match="budget of 2 calls"):
        await asked(place, "b")


async def test_a_request_that_is_sent_again_to_another_model_is_another_request(
    opened: Any,
) -> None:
    place = await two(opened)
    once = {"idempotency-key": "order-66"}
    said = [await asked(place, name, extra_headers=once) for name in ("a-7b", "b", "b")]
    assert [one.choices[0].message.content for one in said] == ["A.", "B.", "B."]
    assert [one.tts["billed"]["calls"] for one in said] == [1, 1, 0]


async def test_what_one_model_takes_another_may_refuse(opened: Any, lab: Any) -> None:
    plain = lab.Slow(saying("B.", "b-70b"))
    plain.takes_fields = False
    place = await opened(
        ScriptedGenerator([Completion(text="A.", finish_reason="stop")]), beside={"b": plain}
    )
    tools: Any = [{"type": "function", "function": {"name": "look"}}]
    assert (await asked(place, "scripted", tools=tools)).choices[0].message.content == "A."
    with pytest.raises(openai.BadRequestError, match="'b' takes no tools"):
        await asked(place, "b", tools=tools)
