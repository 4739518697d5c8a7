"""`tts strategies`: what can be asked for."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from tts.cli.screen import Screen, one_line, warn
from tts.engine.registry import Entry, catalogue, entry


def show_strategies(name: str) -> None:
    """All of them a line each, or one with its parameters and the whole of its description."""
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
