"""Budgets and strategies as they are written on a command line, in a recipe and in a ledger."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import yaml
from msgspec.structs import asdict

from tts.engine.registry import build_strategy
from tts.errors import BadInput, UsageError
from tts.values import NANO, Budget, unit_of

if TYPE_CHECKING:
    from tts.run import Strategy

UNITS = {
    "token": "tokens",
    "prompt_token": "prompt_tokens",
    "completion_token": "completion_tokens",
    "reasoning_token": "reasoning_tokens",
    "fresh_token": "fresh_tokens",
    "fresh": "fresh_tokens",
    "call": "calls",
    "retrieval": "retrievals",
    "dollar": "nanodollars",
    "usd": "nanodollars",
    "$": "nanodollars",
    "flop": "flops",
    "gpu_second": "gpu_microseconds",
    "second": "seconds",
}
SCALE = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}
FACTOR = {"nanodollars": NANO, "gpu_microseconds": 1_000_000}
MOST = 2.0**62
"""No ceiling is larger: it has to fit into a column of a database."""
HOW = "100 calls, 30 seconds"
PART = re.compile(
    r"^(\$?)\s*([0-9]*\.?[0-9]+(?:e[-+]?[0-9]+)?)\s*(?:([kmgt])(?![a-z]))?\s*([a-z_$]*)$"
)


def parse_budget(text: str) -> Budget:
    """`4k`, `4k tokens`, `$0.05`, `100 calls, 30 seconds`; a bare number counts tokens."""
    if not isinstance(text, str):
        raise BadInput(f"A budget is a text such as '{HOW}', or a Budget, not {text!r}.")
    ceilings: dict[str, float] = {}
    for part in text.split(","):
        name, value = _parse_part(part.strip().lower(), text)
        if name in ceilings:
            raise BadInput(
                f"Budget {text!r} has two ceilings for {name}: leave one out; "
                "two budgets are given one by one."
            )
        ceilings[name] = value
    seconds = ceilings.pop("seconds", None)
    return Budget(**{name: round(value) for name, value in ceilings.items()}, seconds=seconds)


def parse_ceilings(text: str) -> Budget:
    """A budget as commands and recipes take it: `none` has no ceiling."""
    return Budget() if text.strip().lower() == "none" else parse_budget(text)


def spell_budget(budget: Budget) -> str:
    """How reports call a budget; the text that `parse_budget` reads back."""
    parts = [
        f"{short(value / FACTOR.get(name, 1))} {unit_of(name)}"
        for name, value in asdict(budget).items()
        if value is not None
    ]
    return ", ".join(parts) or "no ceiling"


def short(value: float) -> str:
    """A number with k, m, g or t where that loses nothing."""
    for letter in ("t", "g", "m", "k"):
        if value >= SCALE[letter] and value % (SCALE[letter] / 10) == 0:
            return f"{_exact(value / SCALE[letter])}{letter}"
    return _exact(value)


def _exact(value: float) -> str:
    """Every digit, without an exponent: two budgets never get one name."""
    return f"{Decimal(repr(value)).normalize():f}"


def _parse_part(part: str, whole: str) -> tuple[str, float]:
    match = PART.match(part)
    unit = match and (match[4] or match[1] or "token")
    name = UNITS.get(unit, UNITS.get(unit.removesuffix("s"))) if unit else None
    if match is None or name is None:
        raise BadInput(
            f"Budget {whole!r}: {part!r} is not an amount. Write, for example, '4k tokens', "
            f"'$0.05' or '{HOW}'; units: {', '.join(sorted(UNITS))}."
        )
    amount = float(match[2]) * SCALE[match[3] or ""] * FACTOR.get(name, 1)
    if not amount <= MOST:
        raise BadInput(f"Budget {whole!r}: {part!r} is more than there is; leave the ceiling out.")
    return name, amount


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
