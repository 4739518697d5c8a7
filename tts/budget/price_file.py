"""Prices that a user gives, in YAML or JSON, in dollars per million tokens.

my-model: {prompt: 0.5, cached: 0.05, completion: 1.5}
my-long-model:
  prompt: 1.25
  completion: 10
  long:
    - {above: 200000, prompt: 2.5, completion: 15}
local-*: 0
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from msgspec import ValidationError, convert

from tts.budget.price import Price
from tts.errors import BadInput
from tts.values import NANO

UNIT = "nanodollars per million tokens"
"""By this word of its own a file of the shipped layout is known."""
FREE = Price(prompt=0, cached=0, completion=0)


def read_price_file(path: Path) -> dict[str, Price]:
    """Prices by model name; `BadInput` names file, entry and reason."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(
            f"{path}: is neither YAML nor JSON: {' '.join(str(error).split())}"
        ) from error
    except RecursionError as error:
        raise BadInput(f"{path}: is nested too deeply for a list of prices.") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path}: must map model names to prices.")
    if content.get("unit") == UNIT and isinstance(content.get("prices"), dict):
        return _shipped(content, path)
    return {str(name): _price(content[name], f"{path}: {str(name)!r}") for name in content}


def _shipped(content: dict[Any, Any], path: Path) -> dict[str, Price]:
    """A file of the layout of the shipped table, perhaps a copy of it that was edited."""
    try:
        prices = convert(content["prices"], dict[str, Price])
        aliases = convert(content.get("aliases", {}), dict[str, str])
        return prices | {name: prices[target] for name, target in aliases.items()}
    except ValidationError as error:
        raise BadInput(f"{path}: {error}.") from error
    except KeyError as error:
        raise BadInput(f"{path}: an alias stands for {error}, which has no price.") from error


def _price(entry: Any, where: str) -> Price:
    if entry == 0 and not isinstance(entry, bool):
        return FREE
    if not isinstance(entry, dict):
        raise BadInput(f"{where}: must be 0 or a mapping with `prompt` and `completion`.")
    try:
        price = convert(_nanodollars(entry, where), Price)
    except ValidationError as error:
        raise BadInput(f"{where}: {error}.") from error
    tiers = [rates.above for rates in price.long]
    if tiers != sorted(set(tiers)):
        raise BadInput(f"{where}: `long` must be listed by growing `above`.")
    return price


def _nanodollars(entry: dict[Any, Any], where: str) -> dict[Any, Any]:
    """The same entry with its amounts in integers of nanodollars."""
    return {name: _converted(name, value, f"{where}, {name}") for name, value in entry.items()}


def _converted(name: Any, value: Any, where: str) -> Any:
    if name in ("prompt", "cached", "completion") and value is not None:
        return _amount(value, where)
    if name == "long" and isinstance(value, list):
        return [_nanodollars(tier, where) if isinstance(tier, dict) else tier for tier in value]
    return str(value) if name == "since" else value


def _amount(value: Any, where: str) -> int:
    """Dollars, exact as written: a float's shortest form is what its author wrote."""
    try:
        dollars = Decimal("nan" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        dollars = Decimal("nan")
    if not dollars.is_finite() or dollars < 0:
        raise BadInput(f"{where}: must be dollars per million tokens, not {value!r}.")
    nanodollars = dollars * NANO
    if nanodollars != int(nanodollars):
        raise BadInput(f"{where}: {value!r} is finer than a nanodollar.")
    return int(nanodollars)
