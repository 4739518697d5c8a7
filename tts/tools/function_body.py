"""A Python function as the body of a tool."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tts.errors import BadReply, ToolFailed
from tts.tools.context import ToolContext
from tts.tools.shielded import in_thread, shielded
from tts.tools.signature import Signature

GRACE = 0.5
"""Seconds that a cancelled tool has to end by itself."""


@dataclass(frozen=True)
class FunctionBody:
    """Validates the arguments, runs the function, validates and serialises the result.

    A sync function runs in a daemon thread of its own. A call that is no longer wanted, or out of
    time, is left after `GRACE` seconds whether the function ends or not.
    """

    function: Callable[..., Any]
    signature: Signature

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            model = self.signature.arguments.model_validate(dict(arguments))
        except ValidationError as error:
            raise ToolFailed(f"ill-typed arguments: {first_complaint(error)}") from error
        return {name: getattr(model, name) for name in type(model).model_fields}

    async def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        named = dict(self.check(arguments))
        if self.signature.context:
            named[self.signature.context] = context
        if inspect.iscoroutinefunction(self.function):
            value = await shielded(self.function(**named), grace=GRACE)
        else:
            value = await in_thread(lambda: self.function(**named))
            if inspect.iscoroutine(value):
                value = await shielded(value, grace=GRACE)
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        try:
            checked = self.signature.result.validate_python(value)
            return self.signature.result.dump_python(checked, mode="json")
        except Exception as error:
            reason = first_complaint(error) if isinstance(error, ValidationError) else str(error)
            raise BadReply(f"the result is not what the annotation promises: {reason}") from error


def first_complaint(error: ValidationError) -> str:
    """The first of pydantic's complaints on one line."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
