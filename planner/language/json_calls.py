"""Calls as JSON objects."""

from __future__ import annotations

from typing import Any, get_args

from tts.planner.language.json_values import JSONFault, from_json, reference, to_json
from tts.planner.language.plan import Call, Comparison, Condition, Patch, Plan, Policy

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
        "each": None if each is None else reference(each),
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
