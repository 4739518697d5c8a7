"""A strategy as written on a command line or in a recipe."""

from __future__ import annotations

import inspect
from typing import Any

import yaml

from tts.engine.registry import build_strategy
from tts.errors import BadInput
from tts.protocols import Strategy


def parse_strategy(text: str) -> Strategy:
    """`name`, or `name(n=16, temperature=0.8)`: values are YAML scalars.

    Raises `UnknownName`, `UsageError` or `BadInput` with what to write instead.
    """
    name, bracket, rest = text.strip().partition("(")
    if bracket and not rest.endswith(")"):
        raise BadInput(f"Strategy {text!r}: the bracket is not closed.")
    inside = rest[:-1].strip()
    pairs = [pair.partition("=") for pair in inside.split(",")] if inside else []
    bad = [key for key, equals, _ in pairs if not equals]
    if bad:
        raise BadInput(
            f"Strategy {text!r}: write parameters as name=value, not {bad[0].strip()!r}."
        )
    parameters: dict[str, Any] = {key.strip(): yaml.safe_load(value) for key, _, value in pairs}
    return build_strategy(name.strip(), parameters)


def spell_strategy(strategy: Strategy) -> str:
    """The text that `parse_strategy` reads back; defaults are left out, but for `n`."""
    known = inspect.signature(type(strategy)).parameters
    told = {
        key: value
        for key, value in strategy.parameters.items()
        if key == "n" or key not in known or value != known[key].default
    }
    inside = ", ".join(f"{key}={value}" for key, value in told.items())
    return f"{strategy.name}({inside})" if inside else strategy.name
