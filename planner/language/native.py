"""Plans as native tool calls: `tool_calls` of a Chat Completions reply, whole or streamed.

Calls are numbered in their order; `"$1"` as an argument is the first one's result, as in compact
text. What only plans have (`each`, `when`, …) travels as the argument `_plan`; a call of `answer`
or `join` ends the plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tts.planner.language.json_form import JSONFault, modifiers_from_json, modifiers_to_json
from tts.planner.language.plan import Call, Patch, Plan, Reference, Text, Value
from tts.planner.language.statements import Answer, Drop, Fault, Statement
from tts.planner.language.text_values import read_string, write_string
from tts.planner.language.typography import MOST_NESTED, too_deep

MODIFIERS = "_plan"
ANSWER, JOIN, DROP = "answer", "join", "drop"


def write_native(plan: Plan | Patch) -> list[dict[str, Any]]:
    """The plan as `tool_calls`; a call's place is its number unless `_plan` says otherwise."""
    drops = plan.drops if isinstance(plan, Patch) else ()
    entries: list[tuple[str, dict[str, Any]]] = [(DROP, {"call": n}) for n in drops]
    for place, call in enumerate(plan.calls, start=len(entries) + 1):
        more = modifiers_to_json(call) | ({"id": call.id} if call.id != place else {})
        arguments = {name: _native(value) for name, value in call.arguments.items()}
        entries.append((call.tool, arguments | ({MODIFIERS: more} if more else {})))
    if plan.joined:
        entries.append((JOIN, {}))
    elif plan.joined is False:
        entries.append((ANSWER, {"value": _native(plan.answer)}))
    return [
        {
            "id": f"call_{place}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
        }
        for place, (name, arguments) in enumerate(entries, start=1)
    ]


class NativeReader:
    """Reads `tool_calls` entries or their streamed deltas.

    Chat Completions does not say when a call is complete; its arguments are once they are valid
    JSON with every bracket closed.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._arguments: dict[int, str] = {}
        self._sealed: set[int] = set()
        self._next = 0

    def feed(self, deltas: Sequence[Mapping[str, Any]]) -> list[Statement]:
        """Take `delta.tool_calls`; returns the calls that are now complete, in their order."""
        for place, delta in enumerate(deltas):
            index = int(delta.get("index", place))
            function = delta.get("function") or {}
            self._names[index] = self._names.get(index, "") + (function.get("name") or "")
            added = function.get("arguments") or ""
            self._arguments[index] = self._arguments.get(index, "") + added
        return self._complete()

    def end(self) -> list[Statement]:
        """Faults for the calls whose arguments never became complete."""
        left = sorted(index for index in self._names if index not in self._sealed)
        return [self._found(index, "{}") or self._cut(index) for index in left]

    def _complete(self) -> list[Statement]:
        found: list[Statement] = []
        while (one := self._found(self._next)) is not None:
            found.append(one)
            self._next += 1
        return found

    def _found(self, index: int, empty: str = "") -> Statement | None:
        """A call whose arguments are complete; None while they are not. `empty`: for no text."""
        text = self._arguments.get(index, "") or empty
        if too_deep(text):
            expected = f"at most {MOST_NESTED} brackets inside one another"
            found = _fault(index, self._names[index], expected, repr(text[:40]))
        elif (read := _object(text)) is None:
            return None
        else:
            found = self._read(index, read)
        self._sealed.add(index)
        return found

    def _cut(self, index: int) -> Statement:
        got = repr(self._arguments[index][-40:])
        return _fault(index, self._names[index], "a complete JSON object", got)

    def _read(self, index: int, arguments: dict[str, Any]) -> Statement:
        name, line = self._names[index], index + 1
        if name == DROP and type(arguments.get("call")) is int:
            return Statement(Drop(arguments["call"]), line)
        if name == JOIN:
            return Statement(Answer(joined=True), line)
        if name == ANSWER:
            return Statement(Answer(_value(arguments.get("value"))), line)
        more = arguments.pop(MODIFIERS, {})
        try:
            fields = modifiers_from_json(more)
            number = more.get("id", index + 1)
            if type(number) is not int or number < 1:
                raise JSONFault("a positive integer as id", number)
        except (JSONFault, AttributeError) as fault:
            return _fault(index, name, str(fault), repr(more)[:60])
        named = {key: _value(value) for key, value in arguments.items()}
        return Statement(Call(id=number, tool=name, arguments=named, **fields), line)


def _fault(index: int, name: str, expected: str, got: str) -> Statement:
    message = "the tool call cannot be read"
    fault = Fault(
        kind="syntax",
        message=message,
        line=index + 1,
        call=index + 1,
        tool=name,
        expected=expected,
        got=got,
    )
    return Statement(fault, index + 1)


def _object(text: str) -> dict[str, Any] | None:
    """The object that a text holds in full; None while it does not."""
    if not text.rstrip().endswith("}"):
        return None
    try:
        read = json.loads(text, strict=False)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _native(value: Value) -> Any:
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, str | Text):
        return write_string(value)
    if isinstance(value, list | tuple):
        return [_native(item) for item in value]
    if isinstance(value, dict):
        return {name: _native(item) for name, item in value.items()}
    return value


def _value(value: Any) -> Value:
    if isinstance(value, str):
        return read_string(value)
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {name: _value(item) for name, item in value.items()}
    return value
