"""`tts prices`: what models cost per million tokens."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from tts.budget import PriceTable
from tts.cli.screen import Screen
from tts.errors import UnknownName
from tts.values import NANO


def show_prices(pattern: str, user_file: Path | None) -> None:
    """Rates of requests without a long-prompt tier: the shipped table with the user's file on top, filtered by a part of the name."""
    prices = PriceTable.load(user_file)
    chosen = {name: price for name, price in prices.prices.items() if pattern in name}
    if not chosen:
        raise UnknownName("priced model", pattern, prices.prices)
    table = Table("model", "prompt", "cached", "completion", "since")
    table.title = f"dollars per million tokens, version {prices.version}"
    table.title_justify = "left"
    for name, price in sorted(chosen.items()):
        cached = price.prompt if price.cached is None else price.cached
        table.add_row(
            Text(name),
            *(f"{amount / NANO:g}" for amount in (price.prompt, cached, price.completion)),
            price.since,
        )
    Screen().print(table)
