"""Rows in names of somebody else's, told name by name: `completion=output.text`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tts.backends.replay.row import Line
from tts.errors import BadInput, UnknownName
from tts.eval.replay.importers.pooled import Record

Fields = Mapping[str, str]
"""By the name of the layout, the name of the file; dots lead into objects."""
DRAWN = (
    "completion",
    "answer",
    "correct",
    "score",
    "completion_tokens",
    "seconds",
    "finish_reason",
)
"""What a draw has of its own: a list of one of them holds several draws."""


def read_fields(texts: Sequence[str]) -> Fields:
    """`completion=output` and the like; `UnknownName` for a name that the layout has not."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, theirs = (part.strip() for part in text.partition("="))
        if not equals or not theirs:
            raise BadInput(f"--field takes name=theirs, such as completion=output, not {text!r}.")
        if name not in Line.__struct_fields__:
            raise UnknownName("field of a row", name, Line.__struct_fields__, flag="--field")
        found[name] = theirs
    return found


def renamed(row: Mapping[str, Any], fields: Fields) -> Iterator[Record]:
    """The draws of a row: one, or as many as its lists hold.

    Names that are not told stay as they are, and what is told under another name is gone under its
    own: with `reference=answer` nobody takes the reference for a draw's answer. `ValueError` where lists differ in length, or a name
    is not in the row.
    """
    told = {name: _found(row, theirs) for name, theirs in fields.items()}
    kept = {name: value for name, value in row.items() if name not in fields.values()}
    common: Record = {**kept, **told}
    lists = {name: value for name in DRAWN if isinstance(value := common.get(name), list)}
    if not lists:
        yield common
        return
    lengths = {name: len(value) for name, value in lists.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"its lists differ in length: {lengths}")
    for place in range(next(iter(lengths.values()))):
        own = {name: _own(name, value[place]) for name, value in lists.items()}
        yield {**common, **own, "sample_index": place}


def _found(row: Mapping[str, Any], theirs: str) -> Any:
    value: Any = row
    for part in theirs.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise ValueError(f"it has no {theirs!r}; it has {', '.join(sorted(row))}")
        value = value[part]
    return value


def _own(name: str, value: Any) -> Any:
    """One draw's part; of scores of steps the last, which is the score of the whole."""
    if name == "score" and isinstance(value, list):
        return value[-1] if value else None
    return value
