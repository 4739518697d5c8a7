"""What the registered strategies are, read from their own docstrings and signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from tts.engine.registry import STRATEGIES, Registry, signature_of
from tts.errors import UsageError


@dataclass(frozen=True)
class Entry:
    """One registered name: what it does, with its source, and its parameters with defaults."""

    name: str
    summary: str
    details: str
    parameters: tuple[str, ...]


def entry(name: str, registry: Registry = STRATEGIES) -> Entry:
    """The entry of a name; raises `UnknownName` with the known ones, `UsageError` where the
    package that registers it is broken."""
    factory = registry.find(name)
    summary, _, details = (inspect.getdoc(factory) or "").partition("\n")
    parameters = signature_of(factory, name).values()
    return Entry(
        name=name,
        summary=summary.strip(),
        details=details.strip(),
        parameters=tuple(_worded(each) for each in parameters if each.name != "build"),
    )


def catalogue(
    registry: Registry = STRATEGIES, *, broken: Callable[[UsageError], None]
) -> list[Entry]:
    """Every entry, by name; `broken` is told of those whose package cannot be loaded."""
    found = []
    for name in registry.names():
        try:
            found.append(entry(name, registry))
        except UsageError as error:
            broken(error)
    return found


def _worded(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return parameter.name
    return f"{parameter.name}={parameter.default!r}"
