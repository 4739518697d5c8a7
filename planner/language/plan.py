"""A plan: calls whose arguments hold references to each other's results, and the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

ITEM = 0
"""Stands for the element that a `each` call is made for; real ids start at 1."""
NAME = r"(?:item\b|\d+)"
PATH = r"(?:\.[A-Za-z_]\w*|\[-?\d+\]|\[\"(?:[^\"\\]|\\.)*\"\]|\['(?:[^'\\]|\\.)*'\])*"
BARE = re.compile(rf"\$({NAME})({PATH})")
BRACED = re.compile(rf"\$\{{({NAME})({PATH})\}}")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(-?\d+)\]|\[(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\]")

Step = str | int
"""A field of an object, or a position in a list."""


class Reference(Struct, frozen=True):
    """The result of a call, or a part of it: `$3`, `$3.items[0].price`."""

    call: int
    path: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return f"${self.inside}"

    @property
    def inside(self) -> str:
        """Without the dollar, as JSON plans and braces hold it."""
        name = "item" if self.call == ITEM else str(self.call)
        return name + "".join(_step_text(step) for step in self.path)


def reference_of(match: re.Match[str]) -> Reference:
    """The reference that `BARE` or `BRACED` matched."""
    call = ITEM if match[1] == "item" else int(match[1])
    return Reference(call, tuple(_steps(match[2])))


def read_reference(text: str) -> Reference | None:
    """`$1.x`, `${1.x}` or `1.x` as a whole; None for anything else."""
    dressed = text if text.startswith("$") else f"${text}"
    match = BARE.fullmatch(dressed) or BRACED.fullmatch(dressed)
    return reference_of(match) if match else None


def _steps(path: str) -> Iterator[Step]:
    for match in _STEP.finditer(path):
        if match[1]:
            yield match[1]
        elif match[2]:
            yield int(match[2])
        else:
            quoted = match[3]
            inner = quoted[1:-1].replace('"', '\\"') if quoted[0] == "'" else quoted[1:-1]
            yield json.loads(f'"{inner}"', strict=False)


def _step_text(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if re.fullmatch(r"[A-Za-z_]\w*", step):
        return f".{step}"
    return f"[{json.dumps(step, ensure_ascii=False)}]"


Value = Any
"""JSON data, in which a `Reference` or a `Text` may stand anywhere."""


class Text(Struct, frozen=True):
    """A string with results inserted: their text where they are strings, else their JSON."""

    parts: tuple[str | Reference, ...]


def references(value: Value) -> list[Reference]:
    """Every reference in a value, in order."""
    found: list[Reference] = []
    _collect(value, found)
    return found


def _collect(value: Value, found: list[Reference]) -> None:
    if isinstance(value, Reference):
        found.append(value)
    elif isinstance(value, Text):
        found += [part for part in value.parts if isinstance(part, Reference)]
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, found)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, found)


def replaced(value: Value, change: Callable[[Reference | Text], Any]) -> Any:
    """The value with every reference and text replaced; what stands in their place is final."""
    if isinstance(value, Reference | Text):
        return change(value)
    if isinstance(value, list | tuple):
        return [replaced(item, change) for item in value]
    if isinstance(value, dict):
        return {name: replaced(item, change) for name, item in value.items()}
    return value


def redirected(value: Value, target: Callable[[Reference], Reference]) -> Value:
    """The value with every reference pointed elsewhere."""

    def change(found: Reference | Text) -> Reference | Text:
        if isinstance(found, Reference):
            return target(found)
        return Text(tuple(target(p) if isinstance(p, Reference) else p for p in found.parts))

    return replaced(value, change)


def constant(value: Value) -> bool:
    """Whether a value is known before anything runs."""
    return not references(value)


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


def redirect(plan: Plan, moved: Mapping[int, Reference]) -> Plan:
    """The plan with every reference to a moved call pointed at its new place."""
    calls = tuple(redirected_call(call, moved) for call in plan.calls)
    return replace(plan, calls=calls, answer=redirected(plan.answer, Target(moved)))


def redirected_call(call: Call, moved: Mapping[int, Reference]) -> Call:
    """One call with its references pointed at the new places."""
    if not any(number in moved for number in call.inputs):
        return call
    target, when = Target(moved), call.when
    if when is not None:
        left, right = redirected(when.left, target), redirected(when.right, target)
        when = replace(when, left=left, right=right)
    return replace(
        call,
        arguments={name: redirected(old, target) for name, old in call.arguments.items()},
        each=None if call.each is None else target(call.each),
        when=when,
        after=tuple(dict.fromkeys(moved[n].call if n in moved else n for n in call.after)),
        substitute=redirected(call.substitute, target),
    )


class Target:
    """Where references go after calls were moved."""

    def __init__(self, moved: Mapping[int, Reference]) -> None:
        self.moved = moved

    def __call__(self, found: Reference) -> Reference:
        new = self.moved.get(found.call)
        return found if new is None else Reference(new.call, (*new.path, *found.path))
