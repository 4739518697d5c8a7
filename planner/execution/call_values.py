"""What calls of a plan are given, and how they ended: typed values, never text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tts.errors import CallFailed, Stopped, UsageError
from tts.planner.language import (
    Call,
    Condition,
    Plan,
    Policy,
    Reference,
    Text,
    Value,
    replaced,
    write_call,
)
from tts.run import Node, Outcome, Run

_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "": lambda left, _: bool(left),
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "in": lambda left, right: left in right,
}


class Pick:
    """Takes the part of a result that a reference names."""

    __name__ = "pick"

    def __init__(self, reference: Reference) -> None:
        self.reference = reference

    def __call__(self, value: Any) -> Any:
        for step in self.reference.path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError) as error:
                raise CallFailed(f"{self.reference}: the result has no {step!r} there.") from error
        return value


def resolved(value: Value, nodes: Mapping[int, Node[Any]], run: Run) -> Any:
    """The value with nodes in the place of references."""

    def change(found: Reference | Text) -> Any:
        if isinstance(found, Text):
            parts = [p if isinstance(p, str) else change(p) for p in found.parts]
            return run.call(joined, parts)
        node = nodes[found.call]
        return run.call(Pick(found), node) if found.path else node

    return replaced(value, change)


def final(value: Value, results: Mapping[int, Any]) -> Any:
    """The value with results in the place of references."""

    def change(found: Reference | Text) -> Any:
        if isinstance(found, Text):
            return joined([p if isinstance(p, str) else change(p) for p in found.parts])
        return Pick(found)(results[found.call])

    return replaced(value, change)


def joined(parts: list[Any]) -> str:
    """Strings as they are, anything else as JSON; what a result says is not read again."""
    return "".join(
        part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts
    )


def holds(condition: Condition, left: Any, right: Any) -> bool:
    """Whether a condition is met; raises `CallFailed` for what cannot be compared."""
    try:
        met = bool(_SIGNS[condition.comparison](left, right))
    except TypeError as error:
        raise CallFailed(f"The condition cannot be decided: {error}.") from error
    return met != condition.negated


_LONGEST = 4000
"""Characters of one result that a prompt holds."""


class CallEnding(Struct, frozen=True):
    """One call's end; `error` is empty where it went well."""

    call: int
    error: str
    policy: Policy
    blocked: bool
    """It was never made, because what it needed failed."""


class EndingOf:
    """Says how a call ended: a function of its outcome."""

    __name__ = "ending"

    def __init__(self, call: Call, node: Node[Any], default: Policy) -> None:
        self.call, self.node = call, node
        self.policy: Policy = call.on_failure or default

    def __call__(self, outcome: Outcome[Any]) -> CallEnding:
        if isinstance(outcome.error, Stopped | UsageError):
            raise outcome.error
        error = "" if outcome.ok else str(outcome.error) or type(outcome.error).__name__
        blocked = bool(error) and self.node.blocked is not None
        return CallEnding(self.call.id, error, self.policy, blocked)


def endings(
    plan: Plan, nodes: Mapping[int, Node[Any]], default: Policy, run: Run
) -> list[Node[CallEnding]]:
    """A node per call that tells how it ended, whatever the end."""
    return [
        run.call(EndingOf(call, nodes[call.id], default), nodes[call.id])
        for call in plan.calls
        if call.id in nodes
    ]


def asks_for_patch(ending: CallEnding) -> bool:
    """A failure of its own that the planner is to mend, or that ends the run."""
    return bool(ending.error) and not ending.blocked and ending.policy in ("replan", "fail")


def result_text(value: Any) -> str:
    """A result as prompts show it."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def result_lines(plan: Plan, nodes: Mapping[int, Node[Any]]) -> Sequence[str]:
    """Every call with its result or its error, as the joiner reads them."""
    lines = []
    for call in plan.calls:
        node = nodes.get(call.id)
        if node is None:
            end = "not made"
        elif node.error is not None:
            end = f"failed: {node.error}"
        else:
            end = result_text(node.value)
        lines.append(f"{write_call(call)}\n  -> {end}")
    return lines


def ancestors(plan: Plan, number: int) -> list[int]:
    """The calls that a call's result rests on, in the plan's order."""
    calls, found, ahead = plan.by_id(), set[int](), [number]
    while ahead:
        call = calls.get(ahead.pop())
        fresh = [n for n in (call.inputs if call else ()) if n not in found]
        found.update(fresh)
        ahead += fresh
    return [call.id for call in plan.calls if call.id in found]
