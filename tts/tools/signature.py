"""What a function says of itself: its docstring, and its annotations as pydantic reads them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from tts.errors import UsageError
from tts.tools.tool import ToolContext

_SECTION = re.compile(
    r"^(args|arguments|parameters|params|returns|return|yields|raises|examples?|notes?)\s*:?\s*$",
    re.IGNORECASE,
)
_GOOGLE = re.compile(r"^\s+\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY = re.compile(r"^(\w+)\s*(?::.*)?$")
_SPHINX = re.compile(r"^\s*:param\s+(?:[\w\[\], |]+\s+)?(\w+)\s*:\s*(.*)$")


class Docstring(Struct, frozen=True):
    """The description, and what is said of each parameter."""

    description: str
    parameters: dict[str, str]


def read_docstring(function: Callable[..., Any]) -> Docstring:
    """Read Google, NumPy and Sphinx style; whatever else there is belongs to the description."""
    lines = (inspect.getdoc(function) or "").splitlines()
    description: list[str] = []
    parameters: dict[str, list[str]] = {}
    section, name = "", ""
    for number, line in enumerate(lines):
        title = _SECTION.match(line)
        sphinx = _SPHINX.match(line)
        if title:
            section, name = title[1].lower(), ""
        elif sphinx:
            section, name = "args", sphinx[1]
            parameters[name] = [sphinx[2]]
        elif section.startswith(("arg", "param")):
            name = _parameter(line, lines[number - 1], name, parameters)
        elif not section and not line.lstrip().startswith((":return", ":raise", ":rtype")):
            description.append(line)
    return Docstring(
        " ".join(" ".join(description).split()),
        {key: " ".join(" ".join(text).split()) for key, text in parameters.items()},
    )


def _parameter(line: str, before: str, name: str, parameters: dict[str, list[str]]) -> str:
    """Take one line of a parameter section; returns the parameter that is being described."""
    google, numpy = _GOOGLE.match(line), _NUMPY.match(line)
    if not line.strip() or set(line.strip()) == {"-"}:
        return name
    if numpy and not line.startswith(" ") and before is not line:
        parameters[numpy[1]] = []
        return numpy[1]
    if google and (not name or _indent(line) <= 4) and name not in _open_numpy(parameters, name):
        parameters[google[1]] = [google[2]]
        return google[1]
    if name:
        parameters[name].append(line)
    return name


def _open_numpy(parameters: dict[str, list[str]], name: str) -> set[str]:
    """The parameter whose description starts on the line below its name."""
    return {name} if name and not parameters.get(name) else set()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


_FIXED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives."""

    arguments: type[BaseModel]
    result: TypeAdapter[Any]
    context: str = ""
    """Name of the parameter that takes the `ToolContext`; empty: none does."""


def read_signature(function: Callable[..., Any], docs: Docstring) -> Signature:
    """Raises `UsageError` for parameters that no schema can describe."""
    name = getattr(function, "__name__", "tool")
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise UsageError(f"Tool {name!r}: an annotation cannot be resolved: {error}.") from error
    parameters = inspect.signature(function).parameters
    context = next((key for key in parameters if hints.get(key) is ToolContext), "")
    fields: dict[str, Any] = {
        key: _field(name, parameter, hints.get(key, Any), docs.parameters.get(key))
        for key, parameter in parameters.items()
        if key != context
    }
    try:
        model: type[BaseModel] = create_model(
            name,
            __config__=ConfigDict(
                extra="forbid", arbitrary_types_allowed=False, coerce_numbers_to_str=True
            ),
            **fields,
        )
        return Signature(model, TypeAdapter(hints.get("return", Any)), context)
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise UsageError(
            f"Tool {name!r}: {str(error).splitlines()[0]} Annotate it with JSON-able types, "
            "dataclasses or pydantic models."
        ) from error


def _field(tool: str, parameter: inspect.Parameter, hint: Any, text: str | None) -> tuple[Any, Any]:
    if parameter.kind not in _FIXED:
        raise UsageError(
            f"Tool {tool!r}: parameter {parameter.name!r} has no fixed name; write it out."
        )
    default = ... if parameter.default is inspect.Parameter.empty else parameter.default
    return hint, Field(default, description=text)
