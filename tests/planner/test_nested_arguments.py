"""Tools whose arguments and results are models of models, recursive ones included."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.planner import check_plan, plan_schema, read_plan
from tts.planner.prompts import tool_line, type_text
from tts.tools import ToolSet, from_openai, tool


class Item(BaseModel):
    name: str
    price: float = 1.0


class Node(BaseModel):
    value: int
    item: Item
    children: list[Node]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


@tool(effect="pure")
def grow(root: Node, depth: int = 1) -> Node:
    """Grow a tree."""
    return root


@tool(effect="pure")
def buy(items: list[Item], pet: Pet, named: dict[str, Item], pair: tuple[int, Item]) -> Item | None:
    """Buy."""
    return items[0]


ITEM = "{name: string, price: number}"
NODE = f"Node{{value: integer, item: {ITEM}, children: [Node]}}"


def test_a_prompt_shows_the_fields_of_nested_arguments() -> None:
    pets = '{kind: "cat", lives: integer}|{kind: "dog"}'
    assert tool_line(buy) == (
        f"- buy(items: [{ITEM}], pet: {pets}, named: {{[any name]: {ITEM}}}, "
        f"pair: [integer, {ITEM}]) -> {ITEM}|null: Buy."
    )


def test_a_recursive_argument_is_shown_once_and_called_by_its_name() -> None:
    assert tool_line(grow) == f"- grow(root: {NODE}, depth?: integer) -> {NODE}: Grow a tree."


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": ["string", "null"]}, "string|null"),
        ({"const": 3}, "3"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "string|integer"),
        ({"allOf": [{"type": "string"}]}, "string"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object"),
        ({"$ref": "#/$defs/No"}, "any"),
        ({"properties": {"next": {"$ref": "#"}}}, "{next: root{next: root}}"),
    ],
)
def test_a_type_is_told_in_few_words(schema: dict[str, Any], text: str) -> None:
    assert type_text(schema) == text


def test_a_line_stays_short_where_models_double_at_every_level() -> None:
    levels = {
        f"D{n}": {"properties": {s: {"$ref": f"#/$defs/D{n + 1}"} for s in "ab"}} for n in range(99)
    }
    schema = {"properties": {"x": {"$ref": "#/$defs/D0"}}, "$defs": levels}
    assert len(type_text(schema)) < 5_000


def test_recursive_arguments_are_checked_at_every_depth() -> None:
    text = (
        '1. grow(root={"value": 1, "item": {"name": "a"}, "children": ['
        '{"value": "x", "item": {"name": "b"}, "children": []}]})\nanswer = $1.children[0].value\n'
    )
    found = check_plan(read_plan(text).plan, ToolSet([grow]))
    assert [(fault.kind, fault.message) for fault in found] == [
        ("ill-typed argument", "root.children[0].value")
    ]


async def test_a_plan_over_a_recursive_tool_runs() -> None:
    text = (
        '1. grow(root={"value": 1, "item": {"name": "a"}, "children": ['
        '{"value": 7, "item": {"name": "b"}, "children": []}]})\n'
        "2. grow(root=$1.children[0])\nanswer = $2.value\n"
    )
    async with Engine(ScriptedGenerator([text])) as engine:
        result = await engine.solve("grow", tools=[grow], budget="20k tokens")
    assert result.answer == "7"


def test_the_schema_of_plans_leads_every_reference_to_a_definition() -> None:
    async def nothing(arguments: Any) -> Any:
        return None

    whole = {"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}}
    schema = plan_schema(ToolSet([from_openai({"name": "f", "parameters": whole}, nothing), grow]))

    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [reference for part in value for reference in references(part)]
        if not isinstance(value, dict):
            return []
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [reference for part in value.values() for reference in references(part)]

    assert {reference.removeprefix("#/$defs/") for reference in references(schema)} <= {
        *schema["$defs"]
    }
