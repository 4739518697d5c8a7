"""NESTFUL's gold plans (Basu et al. 2024): read, written, read again, and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts.eval.bench.report import Row, exactly, figure
from tts.planner import Call, Plan, check_plan, read_plan, write_plan
from tts.planner.language import Reference, Text
from tts.planner.language.plan import Value
from tts.tools import Tool, ToolSet
from tts.tools.function_tools import HandlerBody

_TYPES = {"float": "number", "int": "integer", "str": "string", "dict": "object", "list": "array"}
_JSON = frozenset(("string", "number", "integer", "boolean", "object", "array", "null"))
_MARK = re.compile(r"\$?(var\d+)((?:\.[^.$\[\]]+|\[\d+\])*)\$")
STRUCTURAL = frozenset(
    ("unknown tool", "missing argument", "extra argument", "unknown reference", "unknown field")
)


def nestful(folder: Path) -> list[Row]:
    """Plans read back the same, and faults beside a plain count of names."""
    tools = nestful_tools(folder)
    rows = json.loads((folder / "nestful_executable_data.json").read_text(encoding="utf-8"))
    plans = [nestful_plan(row["output"]) for row in rows]
    same = sum(
        read_plan(write_plan(plan, form), form).plan == plan
        for plan in plans
        for form in ("text", "json")
    )
    told = [[f for f in check_plan(plan, tools) if f.kind in STRUCTURAL] for plan in plans]
    plain = [plain_faults(plan, tools) for plan in plans]
    found = sum(bool(faults) for faults, gold in zip(told, plain, strict=True) if gold)
    wrong = sum(bool(faults) for faults, gold in zip(told, plain, strict=True) if not gold)
    typed = sum(len(check_plan(plan, tools)) for plan in plans) - sum(map(len, told))
    return [
        exactly("NESTFUL plans read back in both forms", same, "", bar=2 * len(plans)),
        exactly("NESTFUL plans with gold faults, found", found, "", bar=sum(map(bool, plain))),
        exactly("NESTFUL plans without, alarmed", wrong, "", bar=0),
        figure("NESTFUL faults of names and fields", sum(map(len, told)), "", baseline=sum(plain)),
        figure("NESTFUL faults of types (its schemas are loose)", typed, ""),
    ]


def nestful_tools(folder: Path) -> ToolSet:
    """Its specification as tools."""
    rows = json.loads((folder / "nestful_executable_spec.json").read_text(encoding="utf-8"))
    return ToolSet(_tool(row) for row in rows)


def _tool(row: Mapping[str, Any]) -> Tool:
    fields = {**row.get("path_parameters", {}), **row.get("query_parameters", {})}
    parameters = {
        "type": "object",
        "properties": {name: tidy(field) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.get("required") is True],
    }
    returns = {
        "type": "object",
        "properties": {name: tidy(field) for name, field in row["output_parameters"].items()},
    }
    return Tool(
        name=row["name"],
        description=row["description"],
        parameters=parameters,
        returns=returns,
        body=HandlerBody(_never, parameters),
        effect="read",
    )


async def _never(arguments: Mapping[str, Any]) -> Any:
    raise NotImplementedError


def tidy(field: Any) -> dict[str, Any]:
    """One field of the specification as JSON schema; what is no schema says nothing."""
    if isinstance(field, str):
        field = {"type": field}
    if not isinstance(field, dict):
        return {}
    kind = _TYPES.get(str(field.get("type")), field.get("type"))
    schema: dict[str, Any] = {"type": kind} if kind in _JSON else {}
    if isinstance(field.get("properties"), dict):
        schema["properties"] = {name: tidy(part) for name, part in field["properties"].items()}
    if "items" in field:
        schema["items"] = tidy(field["items"])
    return schema


def nestful_plan(output: list[dict[str, Any]]) -> Plan:
    """A gold plan; its last entry is the answer."""
    ids = {call.get("label"): number for number, call in enumerate(output[:-1], start=1)}
    calls = tuple(
        Call(
            id=number,
            tool=call["name"],
            arguments={name: _value(value, ids) for name, value in call["arguments"].items()},
        )
        for number, call in enumerate(output[:-1], start=1)
    )
    return Plan(calls=calls, answer=_value(output[-1]["arguments"], ids), joined=False)


def _value(value: Any, ids: Mapping[Any, int]) -> Value:
    if isinstance(value, list):
        return [_value(item, ids) for item in value]
    if isinstance(value, dict):
        return {name: _value(item, ids) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    marks = list(_MARK.finditer(value))
    if not marks:
        return value
    if len(marks) == 1 and marks[0][0] == value:
        return _reference(marks[0], ids)
    parts: list[str | Reference] = []
    place = 0
    for mark in marks:
        parts += [value[place : mark.start()]] if mark.start() > place else []
        parts.append(_reference(mark, ids))
        place = mark.end()
    parts += [value[place:]] if place < len(value) else []
    return Text(tuple(parts))


def _reference(mark: re.Match[str], ids: Mapping[Any, int]) -> Reference:
    steps: list[str | int] = [
        int(index) if index else name
        for name, index in re.findall(r"\.([^.$\[\]]+)|\[(\d+)\]", mark[2])
    ]
    return Reference(ids.get(mark[1], 999), tuple(steps))


def plain_faults(plan: Plan, tools: ToolSet) -> int:
    """What looking names up finds, without the checker."""
    faults, known = 0, dict[int, str]()
    for call in plan.calls:
        tool = tools.get(call.tool)
        faults += tool is None
        if tool is not None:
            faults += sum(name not in tool.arguments for name in call.arguments)
            faults += sum(name not in call.arguments for name in tool.required)
        faults += sum(_dangles(reference, known, tools) for reference in call.references())
        known[call.id] = call.tool
    wrapped = Call(id=999, tool="", arguments={"answer": plan.answer})
    return faults + sum(_dangles(reference, known, tools) for reference in wrapped.references())


def _dangles(reference: Reference, known: Mapping[int, str], tools: ToolSet) -> bool:
    tool = tools.get(known.get(reference.call, ""))
    if reference.call not in known:
        return True
    fields: Any = tool.returns if tool else {}
    for step in reference.path:
        kind = fields.get("type")
        if isinstance(step, int):
            if kind not in (None, "array"):
                return True
            fields = fields.get("items", {})
        elif "properties" in fields:
            if step not in fields["properties"]:
                return True
            fields = fields["properties"][step]
        elif kind not in (None, "object"):
            return True
        else:
            fields = {}
    return False
