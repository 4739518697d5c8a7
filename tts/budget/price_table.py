"""What models cost: a dated snapshot, and the user's own prices on top."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import msgspec
from msgspec import Struct

from tts.budget.price import Price
from tts.budget.price_file import read_price_file
from tts.budget.price_layer import PriceLayer
from tts.values import Usage


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
    content = json.dumps([msgspec.to_builtins(dict(layer)) for layer in layers], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
