"""The arguments and the result of a function, as pydantic reads its annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from tts.errors import UsageError
from tts.tools.context import ToolContext
from tts.tools.docstring import Docstring

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
