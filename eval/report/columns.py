"""The columns of a report. Each is spelled here, once, and every renderer shows it: a new column is
one more line of `COLUMNS` (and a field of `Row`, where its value is new)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from tts.eval.report import wording
from tts.eval.report.axes import AXES, Axis, Cost, axis_of
from tts.eval.report.column import (
    NARROW,
    PARTS,
    READ,
    WIDE,
    Column,
    Get,
    Interval,
    Part,
    Value,
    View,
)
from tts.eval.report.equal_spend import unspent
from tts.eval.report.of_selection import selection_columns
from tts.eval.report.rows import AtSpend, Row
from tts.eval.statistics import Estimate, detectable_difference
from tts.protocols import Role
from tts.values import StoppedBy
from tts.values.visible import visible

LABELS = ("strategy", "budget")
"""What every table of rows begins with."""
AT_SPEND = "Δ at equal spend"
FITTED = tuple(axis_of(name).title for name in ("idealised-seconds", "joules"))
"""Columns that are empty unless the user named a file of fits."""


class Shown(Struct, frozen=True):
    """A cell: a value, its words, and those of its bounds."""

    column: Column
    value: Value
    text: str
    bounds: str
    interval: Estimate | None


class Table(Struct, frozen=True):
    """Rows under the columns of a view."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Row, tuple[Shown, ...]], ...]


ACCURACY = Interval(
    lambda row: row.accuracy if row.telling else None,
    wording.interval,
    lambda row: wording.TOO_FEW if row.accuracy is not None and not row.telling else "",
)
DIFFERENCE = Interval(
    lambda row: row.difference.estimate if row.difference else None,
    wording.gap_interval,
    lambda row: wording.TOO_FEW if row.against is not None and row.difference is None else "",
)


def _accuracy(row: Row, _: Row | None) -> float | None:
    return row.accuracy.value if row.accuracy else None


def _cost(axis: Axis, left_out: tuple[View, ...] = READ) -> Column:
    return Column(axis.title, lambda row, _: axis.of(row), axis.format, left_out=left_out)


def _ratio(axis: Axis) -> Column:
    """How many times the baseline's cost."""

    def value(row: Row, base: Row | None) -> float | None:
        own, other = axis.of(row), axis.of(base) if base else None
        return own / other if own is not None and other else None

    title = f"{axis.word} ÷ baseline"
    return Column(title, value, wording.hundredths, unknown="", left_out=WIDE)


def _at_spend(axis: Axis) -> Column:
    """The difference to the baseline at this row's spend on an axis."""

    def found(row: Row) -> AtSpend:
        return row.at_spend.get(axis.name, AtSpend())

    def value(row: Row, _: Row | None) -> float | None:
        estimate = found(row).estimate
        return estimate.value if estimate else None

    interval = Interval(
        lambda row: found(row).estimate, wording.gap_interval, lambda row: found(row).why
    )
    return Column(AT_SPEND, value, wording.gap, interval, "spend", "", "at_equal_spend")


def _unspent(row: Row, _: Row | None) -> float | None:
    return unspent(row)


def _gap(row: Row, _: Row | None) -> float | None:
    return row.difference.estimate.value if row.difference else None


def _detectable(row: Row, _: Row | None) -> float | None:
    """The least true difference that so many problems show with a power of 80 %."""
    found = row.difference
    if found is None or found.n < 1 or not found.deviation:
        return None
    return detectable_difference(found.n, found.deviation)


def _stops(row: Row, _: Row | None) -> str:
    return "\n".join(f"{count:,} {reason}" for reason, count in row.stopped_by.items())


def _counted(reasons: Mapping[str, int]) -> str | None:
    """Reasons with how often each was met, the most frequent first; None without any."""
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return "; ".join(f"{count} x {visible(reason, 300)}" for reason, count in ordered) or None


def _account(
    title: str,
    value: Get,
    format: Callable[[Any], str],
    written: str = "",
    left_out: tuple[View, ...] = NARROW,
) -> Column:
    return Column(title, value, format, part="accounts", written=written, left_out=left_out)


def _data(name: str, value: Get) -> Column:
    """What programs alone read here: people read it in a sentence, a figure or another table."""
    return Column(name, value, part="accounts", left_out=READ)


# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("n", lambda row, _: row.n, wording.count, part="accuracy"),
    Column("accuracy %", _accuracy, wording.percent, ACCURACY, "accuracy"),
    _cost(axis_of("tokens"), ()),
    _cost(axis_of("fresh"), WIDE),
    _ratio(axis_of("tokens")),
    _cost(axis_of("dollars"), ("markdown",)),
    _cost(axis_of("seconds"), ("markdown",)),
    *(_cost(axis) for axis in AXES if axis.name not in ("tokens", "fresh", "dollars", "seconds")),
    Column("Δ points", _gap, wording.gap, DIFFERENCE, "accuracy", unknown="", written="difference"),
    Column("p (Holm)", lambda row, _: row.p_holm, wording.chance, part="accuracy", unknown=""),
    Column("detectable", _detectable, wording.percent, part="accuracy", unknown="", left_out=WIDE),
    _at_spend(axis_of("tokens")),
    Column("unspent %", _unspent, wording.percent, part="spend", unknown="", written="unspent"),
    _account("runs", lambda row, _: row.runs, wording.count),
    _account("calls", lambda row, _: row.attributed.calls, wording.count, "attributed_calls"),
    _account("attributed tokens", lambda row, _: row.attributed.tokens, wording.count),
    _account("billed tokens", lambda row, _: row.billed.tokens, wording.count, "", ("markdown",)),
    _account("attributed $", lambda row, _: row.attributed.dollars, wording.money),
    _account("billed $", lambda row, _: row.billed.dollars, wording.money),
    _account("run time", lambda row, _: row.seconds, wording.duration, "seconds"),
    _account("no grade", lambda row, _: row.ungraded, wording.count, "ungraded"),
    _account("stopped by", _stops, str, "", ("markdown", "page", "csv")),
    _data("undecided", lambda row, _: row.undecided),
    _data("runs_planned", lambda row, _: row.planned),
    _data("against", lambda row, _: row.against),
    _data("p", lambda row, _: row.difference.p if row.difference else None),
    _data("test", lambda row, _: row.difference.test if row.difference else None),
    _data("attributed_prompt_tokens", lambda row, _: row.attributed.prompt_tokens),
    _data("attributed_completion_tokens", lambda row, _: row.attributed.completion_tokens),
    _data("billed_calls", lambda row, _: row.billed.calls),
    _data("billed_prompt_tokens", lambda row, _: row.billed.prompt_tokens),
    _data("billed_completion_tokens", lambda row, _: row.billed.completion_tokens),
    _data("reasons", lambda row, _: _counted(row.reasons)),
    _data("no_answer", lambda row, _: _counted(row.no_answer)),
    _data("missing", lambda row, _: _counted(row.missing)),
)
# fmt: on
"""In their order, which is that of every view."""


def columns_by(cost: Cost) -> tuple[Column, ...]:
    """The columns with this cost shown in every view, and rows set against the baseline by it."""
    axis = axis_of(cost)
    by_axis = {_ratio(axis_of("tokens")).title: _ratio(axis), AT_SPEND: _at_spend(axis)}
    shown = (replace(one, left_out=()) if one.title == axis.title else one for one in COLUMNS)
    return tuple(by_axis.get(one.title, one) for one in shown)


def axis_columns(rows: Sequence[Row]) -> list[Column]:
    """The difference at equal spend on each axis on which some row has one."""
    told = [
        axis
        for axis in AXES
        if any(row.at_spend.get(axis.name, AtSpend()).estimate for row in rows)
    ]
    return [replace(_at_spend(axis), title=axis.word) for axis in told]


def stop_columns(rows: Sequence[Row]) -> list[Column]:
    """How many runs ended in each way that was met."""

    def count(stop: StoppedBy) -> Column:
        return _account(
            stop, lambda row, _: row.stopped_by.get(stop, 0), wording.count, f"stopped_by_{stop}"
        )

    met = {stop for row in rows for stop in row.stopped_by}
    return [count(stop) for stop in get_args(StoppedBy) if stop in met]


def role_columns(rows: Sequence[Row]) -> list[Column]:
    """The attributed tokens of each role that was recorded."""

    def tokens(role: Role) -> Column:
        return _data(
            f"tokens_{role}",
            lambda row, _: next((one.usage.tokens for one in row.spend if one.role == role), None),
        )

    used = {one.role for row in rows for one in row.spend}
    return [tokens(role) for role in get_args(Role) if role in used]


def reading_columns(rows: Sequence[Row]) -> list[Column]:
    """What runs read, where any retrieved, and their answers word by word, where they are words."""
    found: list[Column] = []
    if any(one.role == "retrieve" for row in rows for one in row.spend):
        found += [
            Column("context/run", lambda row, _: _context(row), wording.count),
            Column(
                "longest context", lambda row, _: row.longest_context, wording.count, left_out=WIDE
            ),
            Column("retrievals/run", lambda row, _: _retrievals(row), wording.hundredths),
        ]
    if any(row.unread_tokens is not None for row in rows):
        found.append(
            Column("past stop/run", lambda row, _: row.mean(row.unread_tokens), wording.hundredths)
        )
    if any(row.words is not None for row in rows):
        found += [_of_words("EM %", "em"), _of_words("F1 %", "f1"), _of_words("Acc %", "acc")]
    return found


def _context(row: Row) -> float | None:
    """The mean effective context length: every prompt token of every call, whatever was cached."""
    return row.mean(row.attributed.prompt_tokens)


def _retrievals(row: Row) -> float | None:
    return row.mean(row.attributed.retrievals)


def _of_words(title: str, name: Literal["em", "f1", "acc"]) -> Column:
    return Column(
        title,
        lambda row, _: None if row.words is None else getattr(row.words, name),
        wording.percent,
        part="accuracy",
        left_out=WIDE,
    )


def bin_columns(rows: Sequence[Row]) -> list[Column]:
    """The accuracy on the problems of each difficulty bin."""

    def accuracy(place: int) -> Column:
        return Column(
            f"bin {place}",
            lambda row, _: next((one.accuracy.value for one in row.bins if one.bin == place), None),
            wording.percent,
            unknown="",
            written=f"accuracy_bin_{place}",
            left_out=READ,
        )

    return [accuracy(place) for place in sorted({one.bin for row in rows for one in row.bins})]


def table_of(
    rows: Sequence[Row],
    view: View,
    parts: tuple[Part, ...] = PARTS,
    *,
    columns: Sequence[Column] = COLUMNS,
) -> Table:
    """What a view shows of some parts; what was met only in these rows stands at the end."""
    met = (
        *stop_columns(rows),
        *role_columns(rows),
        *reading_columns(rows),
        *selection_columns(rows),
        *bin_columns(rows),
    )
    offered = (*columns, *met)
    shown = [one for one in offered if one.part in parts and _has_room(one, view, rows)]
    return filled(rows, shown)


def _has_room(column: Column, view: View, rows: Sequence[Row]) -> bool:
    """What only a file of fits tells is shown where one was named, but where there is no room."""
    if view not in column.left_out:
        return True
    asked = column.title in FITTED and view not in WIDE
    return asked and any(column.value(row, None) is not None for row in rows)


def filled(rows: Sequence[Row], columns: Sequence[Column]) -> Table:
    """A table of these columns, whatever the view."""
    by_label = {row.label: row for row in rows}
    lines = tuple(
        (row, tuple(_shown(column, row, by_label.get(row.against or "")) for column in columns))
        for row in rows
    )
    return Table(tuple(columns), lines)


def _shown(column: Column, row: Row, base: Row | None) -> Shown:
    value, interval = column.value(row, base), column.interval
    return Shown(
        column,
        value,
        column.unknown if value is None else column.format(value),
        interval.text(row) if interval else "",
        interval.of(row) if interval else None,
    )
