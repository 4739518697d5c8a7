"""`tts strategies`, `tts prices`: what can be asked for, and what models cost.

The strategies are imported where they are shown: a list of prices needs no engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tts.budget import PriceTable
from tts.cli.screen import Screen, one_line, warn
from tts.errors import UnknownName
from tts.values import NANO

if TYPE_CHECKING:
    from tts.engine.registry import Entry


def show_strategies(name: str) -> None:
    """All of them a line each, or one with its parameters and the whole of its description."""
    from tts.engine.registry import catalogue, entry

    if name:
        _show_one(entry(name))
        return
    table = Table("strategy", "what it does", box=None, padding=(0, 2, 0, 0))
    for each in catalogue(broken=lambda error: warn(str(error))):
        table.add_row(one_line(each.name), one_line(each.summary))
    Screen().print(table)


def _show_one(found: Entry) -> None:
    console = Screen()
    console.print(Text(f"{found.name}({', '.join(found.parameters)})"), soft_wrap=True)
    console.print(Text(found.summary), soft_wrap=True)
    if found.details:
        console.print(Text(f"\n{found.details}"), soft_wrap=True)


def show_prices(pattern: str, user_file: Path | None) -> None:
    """Rates of requests without a long-prompt tier: the shipped table with the user's file on top.

    Args:
        pattern: a part of the names that are shown; empty: all.
        user_file: prices that win over the shipped ones.
    """
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
