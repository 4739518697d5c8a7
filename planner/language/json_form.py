"""Values and calls as JSON data: `{"$ref": "3.price"}`, `{"$text": ["at ", {"$ref": "3"}]}`."""

from __future__ import annotations

from typing import Any, get_args

from tts.planner.language.plan import (
    Call,
    Comparison,
    Condition,
    Patch,
    Plan,
    Policy,
    Reference,
    Text,
    Value,
    read_reference,
)

_MARKS = ("$ref", "$text", "$literal")


class JSONFault(Exception):
    """What was expected, and what stood there."""

    def __init__(self, expected: str, got: Any) -> None:
        super().__init__(expected)
        self.expected, self.got = expected, got


def to_json(value: Value) -> Any:
    """A value as plain JSON data; objects that look like references are marked as literal."""
    if isinstance(value, Reference):
        return {"$ref": value.inside}
    if isinstance(value, Text):
        return {"$text": [to_json(part) for part in value.parts]}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        fields = {name: to_json(item) for name, item in value.items()}
        marked = len(value) == 1 and next(iter(value)) in _MARKS
        return {"$literal": fields} if marked else fields
    return value


def from_json(value: Any) -> Value:
    """The value that plain JSON data stands for; raises `JSONFault`."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    mark = next(iter(value)) if len(value) == 1 else ""
    if mark == "$ref":
        return reference_from_json(value["$ref"])
    if mark == "$text":
        return _text(value["$text"])
    inside = value["$literal"] if mark == "$literal" else value
    if not isinstance(inside, dict):
        raise JSONFault("an object under $literal", inside)
    return {name: from_json(item) for name, item in inside.items()}


def reference_from_json(text: Any) -> Reference:
    """A reference as JSON holds it; raises `JSONFault`."""
    found = read_reference(text) if isinstance(text, str) else None
    if found is None:
        raise JSONFault('a reference such as "3" or "3.items[0]"', text)
    return found


def _text(parts: Any) -> Text:
    read = [from_json(part) for part in parts] if isinstance(parts, list) else None
    if read is None or not all(isinstance(part, str | Reference) for part in read):
        raise JSONFault("strings and references under $text", parts)
    return Text(tuple(read))


_KNOWN = frozenset(
    ("id", "tool", "arguments", "positional", "each", "when", "after", "on_failure", "substitute")
)


def call_to_json(call: Call) -> dict[str, Any]:
    """A call; what it does not use is left out."""
    return {
        "id": call.id,
        "tool": call.tool,
        "arguments": {name: to_json(value) for name, value in call.arguments.items()},
        **modifiers_to_json(call),
    }


def modifiers_to_json(call: Call) -> dict[str, Any]:
    """All of a call but number, tool and named arguments."""
    found: dict[str, Any] = {}
    if call.positional:
        found["positional"] = to_json(call.positional)
    if call.each is not None:
        found["each"] = call.each.inside
    if call.when is not None:
        found["when"] = _condition_to_json(call.when)
    if call.after:
        found["after"] = list(call.after)
    if call.on_failure:
        found["on_failure"] = call.on_failure
    if call.on_failure == "substitute":
        found["substitute"] = to_json(call.substitute)
    return found


def call_from_json(data: Any) -> Call:
    """The call that an object stands for; raises `JSONFault`."""
    if not isinstance(data, dict) or not isinstance(data.get("tool"), str):
        raise JSONFault("an object with id, tool and arguments", data)
    number = data.get("id")
    if type(number) is not int or number < 1:
        raise JSONFault("a positive integer as id", number)
    arguments = data.get("arguments", {})
    if not isinstance(arguments, dict):
        raise JSONFault("an object under arguments", arguments)
    strange = next((name for name in data if name not in _KNOWN), None)
    if strange is not None:
        raise JSONFault(f"only {', '.join(sorted(_KNOWN))}", strange)
    return Call(
        id=number,
        tool=data["tool"],
        arguments={name: from_json(value) for name, value in arguments.items()},
        **modifiers_from_json(data),
    )


def modifiers_from_json(data: dict[str, Any]) -> dict[str, Any]:
    """Fields of `Call`; raises `JSONFault`."""
    policy, after = data.get("on_failure"), data.get("after") or []
    if policy is not None and policy not in get_args(Policy):
        raise JSONFault(f"one of {', '.join(get_args(Policy))}", policy)
    if not isinstance(after, list) or not all(type(number) is int for number in after):
        raise JSONFault("a list of call ids under after", after)
    each, when = data.get("each"), data.get("when")
    return {
        "positional": tuple(from_json(data.get("positional") or [])),
        "each": None if each is None else reference_from_json(each),
        "when": None if when is None else _condition_from_json(when),
        "after": tuple(after),
        "on_failure": policy,
        "substitute": from_json(data.get("substitute")),
    }


def plan_to_json(plan: Plan | Patch) -> dict[str, Any]:
    """A plan or a patch as one object; without `answer` a joiner reads the results."""
    found: dict[str, Any] = {"calls": [call_to_json(call) for call in plan.calls]}
    if isinstance(plan, Patch) and plan.drops:
        found["drop"] = list(plan.drops)
    if plan.joined is False:
        found["answer"] = to_json(plan.answer)
    elif plan.joined:
        found["join"] = True
    return found


def _condition_to_json(when: Condition) -> dict[str, Any]:
    found: dict[str, Any] = {"value": to_json(when.left)}
    if when.comparison:
        found |= {"is": when.comparison, "than": to_json(when.right)}
    return found | ({"not": True} if when.negated else {})


def _condition_from_json(data: Any) -> Condition:
    if not isinstance(data, dict) or "value" not in data:
        raise JSONFault("an object with value, and perhaps is, than and not", data)
    comparison: Any = data.get("is") or ""
    if comparison not in get_args(Comparison):
        raise JSONFault(f"one of {', '.join(get_args(Comparison)[1:])}", comparison)
    return Condition(
        from_json(data["value"]), comparison, from_json(data.get("than")), bool(data.get("not"))
    )
