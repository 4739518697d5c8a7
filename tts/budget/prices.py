"""What models cost: a dated snapshot, and the user's own prices on top."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct, ValidationError, convert

from tts.budget.litellm_prices import from_litellm, is_litellm
from tts.budget.rates import VENDORS, Price
from tts.errors import BadInput
from tts.values import NANO, Usage

EDITION = re.compile(r"([-@]\d{8}|-\d{4}-\d{2}-\d{2}|-00\d|-latest)$")
"""Dates and counters of a model's editions, which cost the same unless they are listed."""


class PriceLayer:
    """Prices by model name; a name with `*` stands for all that match, the longest first."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        names = sorted(prices, key=len, reverse=True)
        self._exact = {_plain(name): prices[name] for name in names if "*" not in name}
        self._wild = [(_pattern(name), prices[name]) for name in names if "*" in name]

    def find(self, model_name: str) -> Price | None:
        """The price of a model, listed by name or else matched; None where neither holds."""
        spellings = list(_spellings(_plain(model_name)))
        listed = (self._exact[name] for name in spellings if name in self._exact)
        matched = (price for pattern, price in self._wild if any(map(pattern.fullmatch, spellings)))
        return next(listed, None) or next(matched, None)


def _plain(name: str) -> str:
    """`claude-3.5-haiku` and `claude-3-5-haiku` are one model."""
    return name.strip().lower().replace(".", "-")


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in _plain(name).split("*")), re.DOTALL)


def _spellings(name: str) -> Iterator[str]:
    """A name as it is, without its vendor, and without its edition."""
    yield name
    vendor, slash, rest = name.partition("/")
    if slash and vendor in VENDORS:
        name = rest
        yield name
    yield EDITION.sub("", name)


class Snapshot(Struct, frozen=True, forbid_unknown_fields=True):
    """The prices that the package ships, as their makers listed them on one day."""

    date: str
    unit: str
    prices: dict[str, Price]
    aliases: dict[str, str]
    """Other names of listed models."""


class PriceTable:
    """Prices by model name; a model that no layer lists has none, which is not zero.

    The first layer that lists a model decides. `version` is the snapshot's day and a hash of
    every price, so that two tables of one version give equal costs.
    """

    def __init__(self, *layers: Mapping[str, Price], date: str) -> None:
        self.date = date
        self.prices: Mapping[str, Price] = {
            name: price for layer in reversed(layers) for name, price in layer.items()
        }
        """By listed name, the layers merged; names with `*` stand for all that match."""
        self.version = f"{date}-{_digest(layers)}"
        self._layers = [PriceLayer(layer) for layer in layers]
        self._found: dict[str, Price | None] = {}

    @classmethod
    def load(cls, user_file: Path | None = None) -> PriceTable:
        """The shipped snapshot under a user's file; `BadInput` where that cannot be used."""
        content = files("tts.budget").joinpath("prices.json").read_bytes()
        snapshot = msgspec.json.decode(content, type=Snapshot)
        aliases = {name: snapshot.prices[target] for name, target in snapshot.aliases.items()}
        user = read_price_file(user_file) if user_file is not None else {}
        return cls(user, snapshot.prices | aliases, date=snapshot.date)

    def price_of(self, model_name: str) -> Price | None:
        """The price of a model, known by its name with or without vendor and date; None: unknown."""
        if model_name not in self._found:
            prices = (layer.find(model_name) for layer in self._layers)
            self._found[model_name] = next((price for price in prices if price is not None), None)
        return self._found[model_name]

    def cost(self, model_name: str, usage: Usage) -> int | None:
        """Nanodollars of one request's usage; None where the price is unknown."""
        price = self.price_of(model_name)
        return None if price is None else price.request_cost(usage)


def _digest(layers: tuple[Mapping[str, Price], ...]) -> str:
    # A price without batch rates counts as before there were any: jobs on record keep their table.
    plain = [
        {name: _without_batch(msgspec.to_builtins(price)) for name, price in layer.items()}
        for layer in layers
    ]
    content = json.dumps(plain, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _without_batch(price: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in price.items() if name != "batch" or value is not None}


UNIT = "nanodollars per million tokens"
"""By this word of its own a file of the shipped layout is known."""
FREE = Price(prompt=0, cached=0, completion=0)


def read_price_file(path: Path) -> dict[str, Price]:
    """Prices that a user gives, in YAML or JSON, in dollars per million tokens, by model name.

        my-model: {prompt: 0.5, cached: 0.05, completion: 1.5}
        my-long-model:
          prompt: 1.25
          completion: 10
          long:
            - {above: 200000, prompt: 2.5, completion: 15}
        local-*: 0

    A file of the shipped layout is taken too, and LiteLLM's `model_prices_and_context_window.json`.
    `BadInput` names file, entry and reason.
    """
    content = _content(path)
    if not isinstance(content, dict):
        raise BadInput(f"{path}: must map model names to prices.")
    if content.get("unit") == UNIT and isinstance(content.get("prices"), dict):
        return _shipped(content, path)
    if is_litellm(content):
        return from_litellm(content)
    return {str(name): _price(content[name], f"{path}: {str(name)!r}") for name in content}


def _content(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(
            f"{path}: is neither YAML nor JSON: {' '.join(str(error).split())}"
        ) from error
    except RecursionError as error:
        raise BadInput(f"{path}: is nested too deeply for a list of prices.") from error


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


def price_file(prices: Mapping[str, Price], date: str) -> str:
    """Prices as a file of the shipped layout, an entry a line, as `read_price_file` takes them."""
    entries = [
        f"    {json.dumps(name)}: {json.dumps(_given(price))}" for name, price in prices.items()
    ]
    head = f'{{\n  "date": {json.dumps(date)},\n  "unit": {json.dumps(UNIT)},\n  "prices": {{\n'
    return head + ",\n".join(entries) + '\n  },\n  "aliases": {}\n}\n'


def _given(value: Any) -> Any:
    """A price as plain data, without what is not given."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, dict):
        return {name: _given(one) for name, one in plain.items() if one not in (None, "", [], ())}
    return [_given(one) for one in plain] if isinstance(plain, list | tuple) else plain


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
    if name == "batch" and isinstance(value, dict):
        return _nanodollars(value, where)
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
