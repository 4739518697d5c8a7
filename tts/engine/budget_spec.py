"""A budget as written on a command line or in a recipe."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec.structs import asdict

from tts.errors import BadInput
from tts.values import NANO, Budget, unit_of

UNITS = {
    "token": "tokens",
    "prompt_token": "prompt_tokens",
    "completion_token": "completion_tokens",
    "reasoning_token": "reasoning_tokens",
    "call": "calls",
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
            raise BadInput(f"Budget {text!r} has two ceilings for {name}: leave one out.")
        ceilings[name] = value
    seconds = ceilings.pop("seconds", None)
    return Budget(**{name: round(value) for name, value in ceilings.items()}, seconds=seconds)


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
