"""What guided decoding is given admits sound plans and refuses the faults it can express."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tts.planner import plan_grammar, plan_schema, read_plan, write_plan
from tts.tools import ToolSet, tool


@tool(effect="read")
async def look(name: str, limit: int = 3) -> dict[str, float]:
    """Look up."""
    return {}


TOOLS = ToolSet([look])


def admitted(text: str) -> bool:
    jsonschema = pytest.importorskip("jsonschema")
    plan: Any = json.loads(write_plan(read_plan(text).plan, "json"))
    validator = jsonschema.Draft202012Validator(plan_schema(TOOLS, calls=3))
    return bool(validator.is_valid(plan))


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ('1. look(name="x")\n2. look(name=$1.id, limit=2)\nanswer = $2\n', True),
        ('1. look(name="x")\njoin()\n', True),
        ('1. lok(name="x")\n', False),
        ("1. look(name=$1.id)\n", False),
        ('1. look(name=$2.id)\n2. look(name="x")\n', False),
        ("1. look(limit=2)\n", False),
        ('1. look(name="x", what=1)\n', False),
    ],
)
def test_the_schema_admits_what_the_checks_admit(text: str, sound: bool) -> None:
    assert admitted(text) is sound


def test_every_rule_of_the_grammar_is_defined() -> None:
    lines = [line for line in plan_grammar(TOOLS, calls=3).splitlines() if "::=" in line]
    defined = {line.split(" ::=")[0] for line in lines}
    used = set()
    for line in lines:
        bare = _without_literals(line.split("::=")[1])
        used |= {word.strip("()?*+|") for word in bare.split()} - {""}
    assert used <= defined


def _without_literals(text: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]', " ", text).replace("(", " ( ")
