"""A plan: calls, what they wait for, and where the answer is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from tts.planner.language.reference import ITEM, Reference
from tts.planner.language.value import Value, references

Comparison = Literal["", "==", "!=", "<", "<=", ">", ">=", "in"]
"""Empty: whether the value is true, as Python sees it."""
Policy = Literal["fail", "skip", "substitute", "replan"]
"""fail: the run ends; skip: dependants are not made; substitute: a value stands in its place;
replan: the planner is asked for a patch."""


class Condition(Struct, frozen=True):
    """When a call is made at all."""

    left: Value
    comparison: Comparison = ""
    right: Value = None
    negated: bool = False


class Call(Struct, frozen=True, kw_only=True):
    """One call of a tool."""

    id: int
    tool: str
    arguments: dict[str, Value] = field(default_factory=dict)
    positional: tuple[Value, ...] = ()
    """Arguments whose names are not known yet; `bound` gives them their names."""
    each: Reference | None = None
    """A list: the call is made once per element, which is `$item`; its result is a list."""
    when: Condition | None = None
    after: tuple[int, ...] = ()
    """Calls that have to end well first, though nothing of theirs is used."""
    on_failure: Policy | None = None
    """None: the run's default."""
    substitute: Value = None

    def references(self) -> list[Reference]:
        """Everything of other calls that this one uses; `$item` is not among them."""
        found = references(self.arguments)
        if self.positional:
            found = [*references(self.positional), *found]
        if self.each is not None:
            found.append(self.each)
        if self.when is not None:
            found += [*references(self.when.left), *references(self.when.right)]
        if self.substitute is not None:
            found += references(self.substitute)
        return [reference for reference in found if reference.call != ITEM]

    @property
    def inputs(self) -> tuple[int, ...]:
        """Ids of the calls that it waits for, each once, in order."""
        return tuple(dict.fromkeys([*[r.call for r in self.references()], *self.after]))


class Plan(Struct, frozen=True, kw_only=True):
    """Calls in the order in which they were written, and the answer."""

    calls: tuple[Call, ...] = ()
    answer: Value = None
    joined: bool = True
    """A joiner reads the results; False: `answer` is the answer."""

    def by_id(self) -> dict[int, Call]:
        return {call.id: call for call in self.calls}

    @property
    def sinks(self) -> tuple[int, ...]:
        """Calls that nothing else uses."""
        used = {number for call in self.calls for number in call.inputs}
        return tuple(call.id for call in self.calls if call.id not in used)


class Patch(Struct, frozen=True, kw_only=True):
    """What changes in a plan: calls added or replaced by id, calls dropped, another answer."""

    calls: tuple[Call, ...] = ()
    drops: tuple[int, ...] = ()
    answer: Value = None
    joined: bool | None = None
    """None: the plan keeps its answer."""

    def applied(self, plan: Plan) -> Plan:
        """The plan as patched: replaced calls stay where they stood, new ones come last."""
        changed = {call.id: call for call in self.calls}
        kept = [changed.pop(c.id, c) for c in plan.calls if c.id not in self.drops]
        calls = (*kept, *(call for call in self.calls if call.id in changed))
        if self.joined is None:
            return Plan(calls=calls, answer=plan.answer, joined=plan.joined)
        return Plan(calls=calls, answer=self.answer, joined=self.joined)


def bound(call: Call, names: tuple[str, ...]) -> Call:
    """The call with positional arguments under their names, as far as there are names."""
    if not call.positional:
        return call
    free = [name for name in names if name not in call.arguments]
    taken = dict(zip(free, call.positional, strict=False))
    arguments: Mapping[str, Any] = {**taken, **call.arguments}
    rest = call.positional[len(taken) :]
    return replace(call, arguments=dict(arguments), positional=rest)
