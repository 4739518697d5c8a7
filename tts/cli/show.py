"""`tts strategies`, `tts prices`: what can be asked for, and what models cost."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from tts.budget import PriceTable
from tts.cli.screen import Screen, one_line, warn
from tts.engine.registry import catalogue, entry
from tts.errors import UnknownName
from tts.values import NANO


def show_strategies(name: str) -> None:
    """All of them a line each, or one with its parameters and the whole of its description."""
    if name:
        _show_one(name)
        return
    table = Table("strategy", "what it does", box=None, padding=(0, 2, 0, 0))
    for each in catalogue(broken=lambda error: warn(str(error))):
        table.add_row(one_line(each.name), one_line(each.summary))
    Screen().print(table)


def _show_one(name: str) -> None:
    found = entry(name)
    console = Screen()
    console.print(Text(f"{found.name}({', '.join(found.parameters)})"), soft_wrap=True)
    console.print(Text(found.summary), soft_wrap=True)
    if found.details:
        console.print(Text(f"\n{found.details}"), soft_wrap=True)


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
