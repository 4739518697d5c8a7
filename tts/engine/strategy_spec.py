"""A strategy as written on a command line or in a recipe."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

import msgspec
import yaml

from tts.engine.registry import build_strategy
from tts.errors import BadInput, UsageError
from tts.run import Strategy


def parse_strategy(text: str) -> Strategy:
    """`name`, or `name(n=16, temperature=0.8)`: values are YAML scalars or lists.

    Raises `UnknownName`, `UsageError` or `BadInput` with what to write instead.
    """
    if not isinstance(text, str):
        raise UsageError(
            f"A strategy is a text such as 'best_of_n(n=16)' or an object with solve, not {text!r}."
        )
    if len(several := split_outside(text)) > 1 and all(several):
        raise BadInput(f"Strategy {text!r} are {len(several)}: give them one by one.")
    name, bracket, rest = text.strip().partition("(")
    if bracket and not rest.endswith(")"):
        raise BadInput(
            f"Strategy {text!r}: the bracket is not closed at the end; write name(n=16)."
        )
    return build_strategy(name.strip(), _parameters(text, rest[:-1].strip()))


def _parameters(text: str, inside: str) -> dict[str, Any]:
    pairs = [part.partition("=") for part in split_outside(inside)] if inside else []
    names = [key.strip() for key, _, _ in pairs]
    for key, equals, value in pairs:
        if not equals or not key.strip() or not value.strip():
            raise BadInput(f"Strategy {text!r}: write parameters as name=value, not {key!r}.")
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise BadInput(f"Strategy {text!r}: the parameter {repeated[0]!r} is given twice.")
    try:
        return {
            name: yaml.safe_load(value) for name, (_, _, value) in zip(names, pairs, strict=True)
        }
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(
            f"Strategy {text!r}: a value cannot be read; put texts in quotes."
        ) from error


def split_outside(text: str) -> list[str]:
    """The parts between the commas that stand in no bracket and no quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


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


def spell_recorded(name: str) -> str:
    """A strategy as it was written, from the JSON of a ledger; any other text stays as it is."""
    try:
        spec = msgspec.json.decode(name, type=dict[str, Any])
        return spell_strategy(build_strategy(spec["name"], spec["parameters"]))
    except (msgspec.MsgspecError, KeyError, UsageError):
        return name
