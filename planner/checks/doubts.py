"""What is well-typed and still looks wrong. A doubt is a guess: it is shown and stops nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tts.planner.checks.check_call import result_of
from tts.planner.checks.schemas import Typed
from tts.planner.language import Call, Plan, Reference, Value, references, write_call
from tts.tools import SHARED, Tool

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Words = tuple[str, ...]


def words(name: str) -> Words:
    """`originSkyId` and `origin_sky_id` alike: origin, sky, id."""
    return tuple(word.lower() for word in _WORD.findall(name))


def names_the_same(field: Words, parameter: Words) -> bool:
    """Whether a field is what a parameter asks for: `artist_id` for `artistId`, `skyId` for
    `originSkyId`. One word at the end is not enough, since every second field is an id."""
    return field == parameter or (len(field) > 1 and parameter[-len(field) :] == field)


def needed(plan: Plan, tools: Mapping[str, Tool]) -> frozenset[int]:
    """Calls whose result reaches the answer or a call with an effect, and those calls themselves.

    A joiner reads every result, so all of a joined plan is needed.
    """
    calls = plan.by_id()
    if plan.joined:
        return frozenset(calls)
    found: set[int] = set()
    ahead = [reference.call for reference in references(plan.answer)]
    ahead += [
        c.id for c in plan.calls if (t := tools.get(c.tool)) is None or t.effect not in SHARED
    ]
    while ahead:
        number = ahead.pop()
        if number not in found and number in calls:
            found.add(number)
            ahead += calls[number].inputs
    return frozenset(found)


DoubtKind = Literal[
    "unused result", "repeated call", "another field fits", "mixed results", "same value twice"
]
_DEEPEST = 3
"""Steps into a result where fields are looked for."""


class Doubt(Struct, frozen=True, kw_only=True):
    """Why a call of a sound plan may not be what was meant."""

    kind: DoubtKind
    call: int
    tool: str
    message: str

    def __str__(self) -> str:
        return f"call {self.call}, {self.tool}: {self.kind}: {self.message}"


def doubts(plan: Plan, tools: Mapping[str, Tool]) -> tuple[Doubt, ...]:
    """Every doubt about a plan, in its order."""
    return tuple(_Doubter(plan, tools).found())


class _Doubter:
    """One plan, and what its calls return."""

    def __init__(self, plan: Plan, tools: Mapping[str, Tool]) -> None:
        self.plan, self.tools, self.calls = plan, tools, plan.by_id()
        self.needed = needed(plan, tools)
        self.fields: dict[int, dict[str, Words]] = {}
        """By call: every plain field of its result that is no echo of an argument."""

    def found(self) -> Iterator[Doubt]:
        made: dict[str, int] = {}
        for call in self.plan.calls:
            if call.id not in self.needed:
                message = f"nothing reads the result of {write_call(call)}"
                yield self._doubt(call, "unused result", message)
            first = made.setdefault(write_call(replace(call, id=1)), call.id)
            if first != call.id:
                yield self._doubt(call, "repeated call", f"call {first} is the same")
            yield from self._arguments(call, self._given(call.arguments))
            self.fields[call.id] = self._fields(call)
        yield from self._answer()

    def _given(self, arguments: Mapping[str, Value]) -> dict[str, Reference]:
        """Arguments that are results as they are."""
        return {
            name: value
            for name, value in arguments.items()
            if isinstance(value, Reference) and value.call in self.calls
        }

    def _arguments(self, call: Call, given: Mapping[str, Reference]) -> Iterator[Doubt]:
        for name, reference in given.items():
            yield from self._other_field(call, name, reference)
        for (one, first), (other, second) in combinations(given.items(), 2):
            if first == second:
                yield from self._twice(call, one, other, first)
            elif first.call != second.call:
                yield from self._mixed(call, (one, first), (other, second))

    def _answer(self) -> Iterator[Doubt]:
        """One result stands twice in the answer."""
        for reference, times in Counter(references(self.plan.answer)).items():
            if times > 1 and reference.call in self.calls:
                message = f"the answer holds {reference} {times} times"
                yield self._doubt(self.calls[reference.call], "same value twice", message)

    def _other_field(self, call: Call, name: str, reference: Reference) -> Iterator[Doubt]:
        """No word of the field given is in the parameter's name, and another field has that name."""
        asked = words(name)
        given = {word for step in reference.path if isinstance(step, str) for word in words(step)}
        if not given or given & set(asked):
            return
        for number, fields in self.fields.items():
            for path, known in fields.items():
                if names_the_same(known, asked):
                    message = f"{name} is given {reference}, and there is ${number}.{path}"
                    yield self._doubt(call, "another field fits", message)
                    return

    def _twice(self, call: Call, one: str, other: str, reference: Reference) -> Iterator[Doubt]:
        """Two parameters take the same value where a result of the same tool is at hand."""
        if (twin := self._twin(reference.call)) is not None:
            message = f"{one} and {other} are both {reference}; ${twin} is of the same tool"
            yield self._doubt(call, "same value twice", message)

    def _twin(self, number: int) -> int | None:
        """An earlier call of the same tool."""
        tool = self.calls[number].tool
        twins = (n for n in self.fields if n != number and self.calls[n].tool == tool)
        return next(twins, None)

    def _mixed(
        self, call: Call, one: tuple[str, Reference], other: tuple[str, Reference]
    ) -> Iterator[Doubt]:
        """Parameters that begin with the same word take their values from two results of one
        tool: `originSkyId=$1.skyId, originEntityId=$2.entityId`."""
        (left, first), (right, second) = one, other
        alike = words(left)[:1] == words(right)[:1] and len(words(left)) > 1
        if alike and self.calls[first.call].tool == self.calls[second.call].tool:
            message = f"{left} is {first} and {right} is {second}"
            yield self._doubt(call, "mixed results", message)

    def _fields(self, call: Call) -> dict[str, Words]:
        tool = self.tools.get(call.tool)
        if tool is None:
            return {}
        echoes = {words(name) for name in tool.arguments}
        listed = _plain_fields(result_of(call, tool), "", _DEEPEST)
        return {path: known for path, known in listed if known not in echoes}

    def _doubt(self, call: Call, kind: DoubtKind, message: str) -> Doubt:
        return Doubt(kind=kind, call=call.id, tool=call.tool, message=message)


def _plain_fields(result: Typed, path: str, depth: int) -> Iterator[tuple[str, Words]]:
    """Paths and names of the fields of a result that are neither objects nor lists."""
    for option in result.options():
        for name, schema in option.schema.get("properties", {}).items():
            field = option.at(schema)
            inside = any("properties" in part.schema for part in field.options())
            here = f"{path}.{name}" if path else str(name)
            if inside and depth > 1:
                yield from _plain_fields(field, here, depth - 1)
            elif not field.types() & {"object", "array"}:
                yield here, words(str(name))
