"""Values as a notebook shows them: tables whose every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import import_module
from typing import Any

from tts.values.visible import visible

MOST_ROWS = 20
"""Rows of a table in a notebook."""
LONGEST = 120
"""Characters of a cell."""


def html_table(records: Sequence[Mapping[str, object]], *, caption: str = "") -> str:
    """The first `MOST_ROWS` records, their keys as columns; how many more there are is said."""
    if not records:
        return ""
    names = list(records[0])
    head = "".join(f"<th>{shown(name)}</th>" for name in names)
    rows = (
        "<tr>" + "".join(f"<td>{shown(one.get(name))}</td>" for name in names) + "</tr>"
        for one in records[:MOST_ROWS]
    )
    more = len(records) - MOST_ROWS
    said = f"<p>… and {more:,} more</p>" if more > 0 else ""
    title = f"<caption>{shown(caption)}</caption>" if caption else ""
    return (
        f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{said}"
    )


def data_frame(records: Sequence[Mapping[str, object]]) -> Any:
    """Records as a pandas DataFrame, a row each; ImportError says how to get pandas."""
    try:
        return import_module("pandas").DataFrame.from_records(records)
    except ImportError as error:
        raise ImportError("A DataFrame needs pandas: pip install 'tts-engine[pandas]'.") from error


def shown(value: object) -> str:
    """A cell: what is not known is a dash."""
    if value is None:
        return "–"
    text = f"{value:,.4g}" if isinstance(value, float) else str(value)
    return escape(visible(text, LONGEST))
