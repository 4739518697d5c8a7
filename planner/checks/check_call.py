"""Whether one call can be made, given the calls before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tts.planner.checks.check_value import IllTyped, check_value
from tts.planner.checks.fields import NoField, field_of
from tts.planner.checks.schemas import Typed, compatible, type_of, wording
from tts.planner.language import ITEM, Call, Fault, Reference, constant, nearest
from tts.tools import Tool

Results = Mapping[int, Typed]
"""Output schemas of the calls so far."""
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


def check_call(
    call: Call, tools: Mapping[str, Tool], results: Results, line: int = 0
) -> list[Fault]:
    """Every fault of a call by itself; `results` hold the calls that it may refer to."""
    return list(_CallCheck(call, tools, results, line).faults())


class _CallCheck:
    """One call and what it is checked against."""

    def __init__(self, call: Call, tools: Mapping[str, Tool], results: Results, line: int) -> None:
        self.call, self.tools, self.results, self.line = call, tools, results, line
        self.tool = tools.get(call.tool)

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
            self._found(self.call.each).types(), frozenset(("array",))
        ):
            got = f"{self.call.each} of type {wording(self._found(self.call.each).types())}"
            yield self._fault("ill-typed reference", "each needs a list", expected="array", got=got)

    def _reference(self, reference: Reference) -> Iterator[Fault]:
        result = self.results.get(reference.call)
        if result is None:
            known = ", ".join(f"${number}" for number in self.results) or "none, this is the first"
            yield self._fault(
                "unknown reference",
                f"no earlier call is {reference.call}",
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
        root = Typed.of(tool.parameters)
        for name, value in self.call.arguments.items():
            if name not in tool.arguments:
                continue
            try:
                check_value(value, root.at(tool.arguments[name]), self._found, name)
            except IllTyped as error:
                kind = "ill-typed reference" if error.reference else "ill-typed argument"
                yield self._fault(kind, error.where, expected=error.expected, got=error.got)

    def _found(self, reference: Reference) -> Typed:
        """The schema of what a reference finds; anything where that is another fault's matter."""
        if reference.call == ITEM:
            if self.call.each is None or self.call.each.call == ITEM:
                return UNKNOWN
            listed = self._found(self.call.each)
            result = listed.at(listed.options()[0].schema.get("items", {}))
        else:
            result = self.results.get(reference.call, UNKNOWN)
        try:
            return field_of(result, reference)
        except NoField:
            return UNKNOWN

    def _fault(self, kind: Any, message: str, **more: str) -> Fault:
        return Fault(
            kind=kind,
            message=message,
            line=self.line,
            call=self.call.id,
            tool=self.call.tool,
            **more,
        )


def _listed(names: Any) -> str:
    return ", ".join(names) or "nothing"
