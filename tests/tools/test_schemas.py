"""Local references of tool schemas are followed wherever a schema is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from tts.errors import UsageError
from tts.tools import Tool, from_openai, inlined, instance_of, to_openai, tool


class Item(BaseModel):
    name: str
    price: float = 1.0


class Order(BaseModel):
    items: list[Item]
    gift: Item | None = None


class Node(BaseModel):
    value: int
    item: Item
    children: list[Node]
    parent: Node | None = None


class Ping(BaseModel):
    pong: Pong | None


class Pong(BaseModel):
    ping: Ping


class Endless(BaseModel):
    on: Endless


class Cat(BaseModel):
    kind: Literal["cat"]
    toy: Item


class Dog(BaseModel):
    kind: Literal["dog"]


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


async def nothing(arguments: Any) -> Any:
    return None


def sent(made: Tool) -> dict[str, Any]:
    parameters: dict[str, Any] = to_openai(made)["function"]["parameters"]
    return parameters


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


ITEM = {
    "properties": {"name": {"type": "string"}, "price": {"default": 1.0, "type": "number"}},
    "required": ["name"],
    "type": "object",
}


def test_nested_models_stand_where_they_are_used() -> None:
    @tool
    def buy(order: Order, pets: dict[str, Pet]) -> None:
        """Buy.

        Args:
            order: what to buy.
        """

    parameters = sent(buy)
    order = parameters["properties"]["order"]
    assert order["description"] == "what to buy."
    assert order["properties"]["items"] == {"type": "array", "items": ITEM}
    assert order["properties"]["gift"]["anyOf"] == [ITEM, {"type": "null"}]
    pet = parameters["properties"]["pets"]["additionalProperties"]
    assert [part["properties"]["kind"]["const"] for part in pet["oneOf"]] == ["cat", "dog"]
    assert "discriminator" not in pet  # its mapping would point nowhere
    assert "$defs" not in parameters
    assert not [*references(parameters)]


def test_only_recursive_models_stay_definitions() -> None:
    @tool
    def walk(node: Node, order: Order, ping: Ping) -> None: ...

    parameters = sent(walk)
    assert parameters["$defs"].keys() == {"Node", "Ping", "Pong"}
    assert {*references(parameters)} == {"#/$defs/Node", "#/$defs/Ping", "#/$defs/Pong"}
    assert parameters["$defs"]["Node"]["properties"]["item"] == ITEM


@pytest.mark.parametrize(
    ("reference", "where"),
    [
        ("#/definitions/Item", {"definitions": {"Item": ITEM}}),
        ("#/$defs/a~1b", {"$defs": {"a/b": ITEM}}),
        ("#/$defs/List%5BItem%5D", {"$defs": {"List[Item]": ITEM}}),
        ("#/properties/first/anyOf/1", {}),
    ],
)
def test_a_reference_is_found_in_every_place_that_it_may_point_to(
    reference: str, where: dict[str, Any]
) -> None:
    first = {"anyOf": [{"type": "null"}, ITEM]}
    schema = {"type": "object", "properties": {"first": first, "x": {"$ref": reference}}, **where}
    assert inlined(schema) == {"type": "object", "properties": {"first": first, "x": ITEM}}


def test_parameters_that_are_a_reference_become_the_object_behind_it() -> None:
    schema = {"$schema": "s", "$ref": "#/definitions/Item", "definitions": {"Item": ITEM}}
    made = from_openai({"name": "buy", "parameters": schema}, nothing)
    assert (*made.arguments, made.required) == ("name", "price", ("name",))
    tree = from_openai({"name": "walk", "parameters": Node.model_json_schema()}, nothing)
    assert {*tree.arguments} == {"value", "item", "children", "parent"}
    assert sent(tree)["type"] == "object"


def test_a_reference_to_the_whole_document_stays_one() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    made = inlined(schema)
    again = {"type": "object", "properties": {"next": {"$ref": "#/$defs/root"}}}
    assert made == {**again, "$defs": {"root": again}}


def test_names_and_data_are_no_references() -> None:
    data = {"$ref": "#/$defs/Item"}
    schema = {
        "type": "object",
        "properties": {"$ref": {"type": "string"}, "definitions": {"default": data}},
    }
    assert inlined(schema) == schema


def test_what_a_use_asks_beyond_its_model_is_kept() -> None:
    schema = {
        "properties": {"x": {"$ref": "#/$defs/Item", "required": ["price"]}},
        "$defs": {"Item": ITEM},
    }
    assert inlined(schema)["properties"]["x"] == {"required": ["price"], "allOf": [ITEM]}


def test_references_that_lead_nowhere_ask_nothing_and_foreign_ones_stay() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/None"}, "b": {"$ref": "http://x/y.json"}}}
    assert inlined(schema)["properties"] == {"a": {}, "b": {"$ref": "http://x/y.json"}}


def test_a_schema_that_would_double_at_every_level_stays_small() -> None:
    level = {
        f"D{n}": {"properties": {s: {"$ref": f"#/$defs/D{n + 1}"} for s in "ab"}} for n in range(40)
    }
    schema = {"type": "object", "properties": {"x": {"$ref": "#/$defs/D0"}}, "$defs": level}
    made = inlined(schema)
    assert len(str(made)) < 2_000_000
    assert {name.removeprefix("#/$defs/") for name in references(made)} <= made["$defs"].keys()
    assert len(str(instance_of(schema))) < 20_000


def test_a_long_chain_of_definitions_is_followed_without_an_end_of_the_stack() -> None:
    chain = {f"D{n}": {"properties": {"x": {"$ref": f"#/$defs/D{n + 1}"}}} for n in range(5000)}
    schema = {"type": "object", "properties": {"x": {"$ref": "#/$defs/D0"}}, "$defs": chain}
    assert inlined(schema)["properties"] == {"x": {"$ref": "#/$defs/D0"}}
    assert instance_of(schema)["x"]["x"]["x"]


@given(st.integers(1, 3), st.data())
def test_after_inlining_every_reference_leads_into_a_cycle(size: int, data: st.DataObject) -> None:
    names = [f"D{n}" for n in range(size)]
    uses = {name: data.draw(st.lists(st.sampled_from(names), max_size=2)) for name in names}
    definitions = {
        name: {"type": "object", "properties": {u: {"$ref": f"#/$defs/{u}"} for u in used}}
        for name, used in uses.items()
    }
    made = inlined({"$ref": "#/$defs/D0", "$defs": definitions})
    assert "$ref" not in made

    def below(name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            new = {*uses[waiting.pop()]} - found
            found |= new
            waiting += new
        return found

    kept = {reference.removeprefix("#/$defs/") for reference in references(made)}
    assert kept == {*made.get("$defs", {})} == {n for n in {"D0"} | below("D0") if n in below(n)}


@pytest.mark.parametrize("model", [Order, Node, Ping, Pong, Cat, list[Node], tuple[int, Node]])
def test_a_pretended_value_is_an_instance_even_of_a_recursive_model(model: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    value = instance_of(adapter.json_schema(mode="serialization"))
    assert adapter.dump_python(adapter.validate_python(value)) is not None
    assert value


def test_a_recursive_value_is_shown_some_turns_deep() -> None:
    shown = instance_of(Node.model_json_schema())
    assert shown["children"][0]["children"][0] == {**shown, "children": []}


def test_a_model_without_any_instance_gives_an_empty_one() -> None:
    assert instance_of(Endless.model_json_schema()) == {}


def test_a_schema_without_a_bottom_is_refused_by_name() -> None:
    endless: dict[str, Any] = {"type": "object"}
    endless["properties"] = {"x": endless}
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"items": deep}
    for parameters in (endless, {"properties": {"x": deep}}):
        with pytest.raises(UsageError, match=r"'f': its schema is nested more than 64 deep"):
            from_openai({"name": "f", "parameters": parameters}, nothing)


def test_a_default_keeps_its_own_title() -> None:
    @tool
    def show(page: dict[str, str] = {"title": "none"}) -> None: ...  # noqa: B006

    assert show.arguments["page"]["default"] == {"title": "none"}
