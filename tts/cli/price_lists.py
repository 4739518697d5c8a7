"""What `tts prices` shows and writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from tts.budget.prices import PriceTable, price_file, read_price_file
from tts.budget.rates import Price, Rates
from tts.cli.screen import Screen
from tts.errors import BadInput, UnknownName
from tts.values import NANO

WITH_BATCH, WITH_DAY = 76, 88
"""Columns of a terminal in which those columns have room."""
MOST_TOLD = 20
"""Prices that differ, each in a line of its own."""


def show_prices(pattern: str, user_file: Path | None) -> None:
    """The shipped table with the user's file on top.

    Args:
        pattern: a part of the names that are shown; empty: all.
        user_file: prices that win over the shipped ones.
    """
    prices = PriceTable.load(user_file)
    chosen = {name: price for name, price in prices.prices.items() if pattern in name}
    if not chosen:
        raise UnknownName("priced model", pattern, prices.prices)
    console = Screen()
    console.print(Text(f"dollars per million tokens, version {prices.version}"))
    console.print(_table(chosen, console.width))


def _table(prices: Mapping[str, Price], width: int) -> Table:
    """The columns that find room, so that no name is cut."""
    names = ["model", "in", "cached", "out"]
    names += ["batch in/out"] if width >= WITH_BATCH else []
    names += ["since"] if width >= WITH_DAY else []
    table = Table(*names, box=None, padding=(0, 2, 0, 0))
    for column in table.columns:
        column.no_wrap = True
    for name, price in sorted(prices.items()):
        table.add_row(Text(name), *(*_cells(price), _batch(price), price.since)[: len(names) - 1])
        for rates in price.long:
            table.add_row(Text(f"  above {rates.above:,}"), *_cells(rates))
    return table


def show_price(model: str, user_file: Path | None) -> None:
    """One model by the name that a server gives it; `BadInput` where its price is unknown."""
    prices = PriceTable.load(user_file)
    found = prices.price_of(model)
    if found is None:
        raise BadInput(
            f"The price of {model} is unknown, which is not $0: give a price file with --prices, "
            "or make one with tts prices update."
        )
    lines = [
        f"{model}, dollars per million tokens, version {prices.version}",
        _spoken(found),
        f"by batch files: prompt/completion {_batch(found)}" + ("" if found.batch else ", half"),
        *(f"prompts above {rates.above:,} tokens: {_spoken(rates)}" for rates in found.long),
    ]
    Screen(soft_wrap=True).print(Text("\n".join(lines)))


def update_prices(file: Path, out: Path, user_file: Path | None) -> None:
    """The prices of `file` into `out`, on top of what it holds; says what is new or differs."""
    given = read_price_file(file)
    if not given:
        raise BadInput(f"{file}: no price of text tokens is in it.")
    known = PriceTable.load(user_file).prices
    kept = read_price_file(out) if out.exists() else {}
    date = datetime.now(UTC).date().isoformat()
    try:
        out.write_text(price_file(dict(sorted({**kept, **given}.items())), date), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.") from error
    console = Screen(soft_wrap=True)
    for line in _told(given, {**known, **kept}):
        console.print(Text(line))
    console.print(
        Text(f'wrote {out}: --prices {out}, or prices = "{out}" in tts.toml, puts it on top')
    )


def _told(given: Mapping[str, Price], known: Mapping[str, Price]) -> list[str]:
    new = [name for name in given if name not in known]
    changed = [
        name for name in given if name in known and _plain(known[name]) != _plain(given[name])
    ]
    lines = [f"{name}: {_step(known[name], given[name])}" for name in changed[:MOST_TOLD]]
    if len(changed) > MOST_TOLD:
        lines.append(f"… and {len(changed) - MOST_TOLD} more that differ")
    same = len(given) - len(new) - len(changed)
    return [*lines, f"{len(given)} prices: {len(new)} new, {len(changed)} differ, {same} as before"]


def _plain(price: Price) -> tuple[object, ...]:
    """What is paid; that half is listed for batch files, or nothing, is the same."""
    return _triple(price), price.long, _batch(price)


def _step(known: Price, given: Price) -> str:
    """From one price to another, and which other tiers differ."""
    said = [f"in/cached/out {_triple(known)} → {_triple(given)}"]
    if known.long != given.long:
        said.append("long prompts differ")
    if _batch(known) != _batch(given):
        said.append(f"batch {_batch(known)} → {_batch(given)}")
    return "; ".join(said)


def _spoken(rates: Rates) -> str:
    prompt, cached, completion = _cells(rates)
    return f"prompt {prompt}, cached {cached}, completion {completion}"


def _triple(rates: Rates) -> str:
    return "/".join(_cells(rates))


def _pair(rates: Rates) -> str:
    return f"{_dollars(rates.prompt)}/{_dollars(rates.completion)}"


def _cells(rates: Rates) -> tuple[str, str, str]:
    return _dollars(rates.prompt), _cached(rates), _dollars(rates.completion)


def _cached(rates: Rates) -> str:
    """Where no discount is listed, cached tokens cost like others."""
    return _dollars(rates.prompt if rates.cached is None else rates.cached)


def _batch(price: Price) -> str:
    listed = price.batch
    return (
        f"{_dollars(price.prompt / 2)}/{_dollars(price.completion / 2)}"
        if listed is None
        else _pair(listed)
    )


def _dollars(nanodollars: float) -> str:
    return f"{nanodollars / NANO:g}"
