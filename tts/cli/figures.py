"""Figures and tables as every command shows them."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from tts.errors import UsageError
from tts.eval.statistics import Estimate

UNKNOWN = ""


def ruled(title: str = "", *names: str) -> Table:
    """An empty table as every command draws it: a rule below the head, and no other line."""
    table = Table(*names, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.title = Text(title) if title else None
    return table


def plain_table(
    title: str, names: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0
) -> Table:
    """A table without the columns of which nothing is known."""
    table = ruled(title)
    known = [at for at in range(len(names)) if any(row[at] for row in rows)]
    for at in known:
        table.add_column(names[at], justify="left" if at < left else "right")
    for row in rows:
        table.add_row(*(Text(row[at] or "?") for at in known))
    return table


def sure(found: Estimate | None) -> str:
    if found is None:
        return UNKNOWN
    value, low, high = map(percent_of, (found.value, found.low, found.high))
    return f"{value} [{low}, {high}]"


def gap(found: Estimate | None) -> str:
    if found is None:
        return UNKNOWN
    value, low, high = (100 * one for one in (found.value, found.low, found.high))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]".replace("-", "−")


def percent(found: Estimate | None) -> str:
    return UNKNOWN if found is None else percent_of(found.value)


def percent_of(value: float) -> str:
    """A percentage in at most four characters, so that three intervals stand side by side."""
    text = f"{100 * value:.1f}"
    return "100" if text == "100.0" else text


def short(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def amount(value: float, unit: str) -> str:
    """An amount with its unit, as short as three digits allow."""
    if unit == "dollars":
        return f"${value:.3g}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def amounts_of(text: str, flag: str) -> tuple[float, ...]:
    """`0.05,0.08` as numbers; a dollar sign before them does no harm. `UsageError` names the flag."""
    try:
        return tuple(float(part.strip().lstrip("$")) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(f"{flag} takes amounts such as 0.05,0.08, not {text!r}.") from None
