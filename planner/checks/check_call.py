"""Whether one call can be made, given the calls before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec.structs import replace

from tts.planner.checks.schemas import (
    IllTyped,
    NoField,
    Typed,
    check_value,
    compatible,
    field_of,
    fitted,
    type_of,
    wording,
)
from tts.planner.language import ITEM, Call, Fault, Plan, Reference, constant, nearest, write_value
from tts.tools import Tool

_MOST_NAMED = 24
UNKNOWN = Typed.of({})


def result_of(call: Call, tool: Tool | None) -> Typed:
    """The schema of a call's result: a list for `each`, perhaps null for `if`."""
    schema: Any = tool.returns if tool else {}
    typed = Typed.of(schema)
    if call.each is not None:
        typed = Typed({"type": "array", "items": schema}, schema)
    if call.on_failure == "substitute" and typed.schema:
        other = {"type": type_of(call.substitute)} if constant(call.substitute) else {}
        typed = Typed({"anyOf": [typed.schema, other]}, schema)
    if call.when is not None and typed.schema:
        typed = Typed({"anyOf": [typed.schema, {"type": "null"}]}, schema)
    return typed


class Checker:
    """Checks calls one after another; each may refer to those that were learnt before."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self.tools = tools
        self.results: dict[int, Typed] = {}
        """Output schemas of the calls so far."""
        self._plain: dict[str, Typed] = {}
        self._wanted: dict[str, dict[str, Typed]] = {}

    def faults(self, call: Call, line: int = 0) -> list[Fault]:
        """Every fault of a call by itself."""
        return list(_CallCheck(call, self, line).faults())

    def learn(self, call: Call) -> None:
        """Later calls may refer to this one."""
        tool = self.tools.get(call.tool)
        if tool is None or call.each or call.when or call.on_failure == "substitute":
            self.results[call.id] = result_of(call, tool)
            return
        if call.tool not in self._plain:
            self._plain[call.tool] = result_of(call, tool)
        self.results[call.id] = self._plain[call.tool]

    def wanted(self, tool: Tool) -> Mapping[str, Typed]:
        """The schemas of a tool's arguments."""
        if tool.name not in self._wanted:
            root = Typed.of(tool.parameters)
            self._wanted[tool.name] = {n: root.at(part) for n, part in tool.arguments.items()}
        return self._wanted[tool.name]

    def fitted(self, call: Call) -> Call:
        """The call as its tool takes it: a number where text is wanted becomes its text, and text
        that is one result alone becomes that result where something else is wanted."""
        tool = self.tools.get(call.tool)
        if tool is None:
            return call
        wanted, found = self.wanted(tool), _CallCheck(call, self, 0).found
        arguments = {
            name: fitted(value, wanted[name], found) if name in wanted else value
            for name, value in call.arguments.items()
        }
        return call if arguments == call.arguments else replace(call, arguments=arguments)


def renderings(plan: Plan, tools: Mapping[str, Tool]) -> Iterator[str]:
    """What of a sound plan is handed over in another way than it is written, in words."""
    checker = Checker(tools)
    for call in plan.calls:
        checker.learn(call)
        made = checker.fitted(call)
        for name, value in made.arguments.items():
            if value != call.arguments[name]:
                shown = f"{write_value(value)} for {write_value(call.arguments[name])}"
                yield f"call {call.id}, {call.tool}: {name} takes {shown}, as its type asks"


class _CallCheck:
    """One call and what it is checked against."""

    def __init__(self, call: Call, checker: Checker, line: int) -> None:
        self.call, self.checker, self.line = call, checker, line
        self.tools, self.results = checker.tools, checker.results
        self.tool = self.tools.get(call.tool)

    def faults(self) -> Iterator[Fault]:
        if self.tool is None:
            yield self._fault(
                "unknown tool",
                f"there is no tool {self.call.tool!r}",
                expected=f"one of {', '.join(self.tools)}",
                got=self.call.tool,
                nearest=nearest(self.call.tool, self.tools),
            )
        yield from self._references()
        if self.tool is not None:
            yield from self._names(self.tool)
            yield from self._types(self.tool)

    def _references(self) -> Iterator[Fault]:
        for reference in self.call.references():
            yield from self._reference(reference)
        for number in self.call.after:
            if number not in self.results:
                yield from self._reference(Reference(number))
        if self.call.each is not None and not compatible(
            self.found(self.call.each).types(), frozenset(("array",))
        ):
            got = f"{self.call.each} of type {wording(self.found(self.call.each).types())}"
            yield self._fault("ill-typed reference", "each needs a list", expected="array", got=got)

    def _reference(self, reference: Reference) -> Iterator[Fault]:
        result = self.results.get(reference.call)
        if result is None:
            known = numbers(self.results) or "none, this is the first"
            yield self._fault(
                "unknown reference",
                f"no earlier call is {reference.call}",
                target=reference.call,
                expected=f"one of {known}",
                got=str(reference),
            )
            return
        try:
            field_of(result, reference)
        except NoField as error:
            yield self._fault(
                "unknown field",
                str(error),
                expected=error.expected,
                got=error.got,
                nearest=error.nearest,
            )

    def _names(self, tool: Tool) -> Iterator[Fault]:
        given = self.call.arguments
        for name in tool.required:
            if name not in given:
                yield self._fault(
                    "missing argument", f"{name} is required", expected=name, got=_listed(given)
                )
        if len(self.call.positional) > 0:
            yield self._fault(
                "extra argument",
                "there are more arguments than parameters",
                expected=f"{len(tool.arguments)}",
                got=f"{len(given) + len(self.call.positional)}",
            )
        if tool.parameters.get("additionalProperties") is True:
            return
        for name in given:
            if name not in tool.arguments:
                yield self._fault(
                    "extra argument",
                    f"there is no parameter {name!r}",
                    expected=f"one of {_listed(tool.arguments)}",
                    got=name,
                    nearest=nearest(name, tool.arguments),
                )

    def _types(self, tool: Tool) -> Iterator[Fault]:
        wanted = self.checker.wanted(tool)
        for name, value in self.call.arguments.items():
            if name not in wanted:
                continue
            try:
                check_value(value, wanted[name], self.found, name)
            except IllTyped as error:
                kind = "ill-typed reference" if error.reference else "ill-typed argument"
                yield self._fault(kind, error.where, expected=error.expected, got=error.got)

    def found(self, reference: Reference) -> Typed:
        """The schema of what a reference finds; anything where that is another fault's matter."""
        if reference.call == ITEM:
            if self.call.each is None or self.call.each.call == ITEM:
                return UNKNOWN
            listed = self.found(self.call.each)
            result = listed.at(listed.options()[0].schema.get("items", {}))
        else:
            result = self.results.get(reference.call, UNKNOWN)
        try:
            return field_of(result, reference)
        except NoField:
            return UNKNOWN

    def _fault(self, kind: Any, message: str, **more: Any) -> Fault:
        return Fault(
            kind=kind,
            message=message,
            line=self.line,
            call=self.call.id,
            tool=self.call.tool,
            **more,
        )


def numbers(calls: Collection[int]) -> str:
    """Calls as references, the first of very many."""
    shown = ", ".join(f"${number}" for number in islice(calls, _MOST_NAMED))
    return f"{shown} and {len(calls) - _MOST_NAMED} more" if len(calls) > _MOST_NAMED else shown


def _listed(names: Any) -> str:
    return ", ".join(names) or "nothing"
