"""Curves that somebody has: a file with a line for each problem, and the plan that is written back."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from tts.errors import BadInput
from tts.eval.allocate.counts import missed
from tts.eval.allocate.curves import Allocation, Curves, Floats, Ints
from tts.eval.problems.lines import text_lines

MARKS = ("values", "successes")
"""What a row of curves has, and a recorded draw has not."""


class Counts(Struct, frozen=True, kw_only=True):
    """Successes of problems, each of as many draws."""

    successes: tuple[int, ...]
    draws: int
    cost: float
    """Of a draw."""


class CurveFile(Struct, frozen=True, kw_only=True):
    """The curves of a file, and whose they are."""

    problems: tuple[str, ...]
    curves: Curves
    counts: Counts | None
    """Where every line counts successes of equally many draws of equal cost."""


class _Row(Struct, frozen=True):
    """A line: the values of rising costs, or successes of draws, each of which costs the same."""

    problem_id: str
    values: list[float] | None = None
    costs: list[float] | None = None
    successes: int | None = None
    draws: int | None = None
    cost: float = 1.0


def holds_curves(first: Mapping[str, Any]) -> bool:
    """Whether a file that begins with this row holds curves rather than draws."""
    return any(mark in first for mark in MARKS)


def read_curves(path: Path) -> CurveFile:
    """`{"problem_id": …, "costs": […], "values": […]}`, or `{"problem_id": …, "successes": 3,
    "draws": 100, "cost": 250}` line by line.

    Without an option that costs nothing a problem may be given up for nothing, and is worth 0 then.
    Raises `BadInput` with file, line and reason.
    """
    names, lengths, counts = list[str](), list[int](), list[_Count | None]()
    costs, values, known = array("d"), array("d"), set[str]()
    for number, line in text_lines(path):
        if isinstance(line, ValueError):
            raise BadInput(f"{path}:{number}: {line}.")
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=_Row)
            cost, value = _options(row)
            if row.problem_id in known:
                raise ValueError(f"the problem {row.problem_id!r} has a line above already")
        except (msgspec.DecodeError, ValueError) as error:
            raise BadInput(f"{path}:{number}: {str(error).removesuffix('.')}.") from error
        costs.extend(cost)
        values.extend(value)
        known.add(row.problem_id)
        names.append(row.problem_id)
        lengths.append(len(value))
        counts.append(None if row.values is not None else (row.successes, row.draws, row.cost))
    if not names:
        raise BadInput(f"{path} holds no curves.")
    return CurveFile(
        problems=tuple(names),
        curves=_table(np.frombuffer(costs), np.frombuffer(values), np.array(lengths)),
        counts=_alike(counts),
    )


_Count = tuple[int | None, int | None, float]
"""Successes, draws, and what a draw costs."""


def _table(costs: Floats, values: Floats, lengths: Ints) -> Curves:
    """One row a problem; behind its last option it has none, at the same cost."""
    starts, most = np.cumsum(lengths) - lengths, int(lengths.max())
    if lengths.min() == most:
        return Curves.of(costs.reshape(-1, most), values.reshape(-1, most))
    places = np.minimum(np.arange(most), lengths[:, None] - 1)
    there = np.arange(most) < lengths[:, None]
    at = starts[:, None] + places
    return Curves.of(costs[at], np.where(there, values[at], -np.inf))


def _alike(counts: Sequence[_Count | None]) -> Counts | None:
    """The counts of all lines, where all are of equally many draws of equal cost."""
    known = [one for one in counts if one is not None]
    if len(known) < len(counts) or len({one[1:] for one in known}) > 1:
        return None
    _, draws, cost = known[0]
    return Counts(successes=tuple(one[0] or 0 for one in known), draws=draws or 0, cost=cost)


def _options(row: _Row) -> tuple[Sequence[float], Sequence[float]]:
    """Costs and values of a row; ValueError says what is wrong with it."""
    if row.values is not None and row.costs is not None:
        return _given(row.costs, row.values)
    if row.successes is None or row.draws is None:
        raise ValueError("a row has `costs` and `values`, or `successes` and `draws`")
    if not 0 <= row.successes <= row.draws or row.draws < 1:
        raise ValueError(f"{row.successes} of {row.draws} draws cannot have succeeded")
    if not row.cost > 0:
        raise ValueError(f"a draw costs more than 0, not {row.cost:g}")
    [left] = missed(np.array([row.successes]), row.draws)
    return (np.arange(row.draws + 1) * row.cost).tolist(), (1 - left).tolist()


def _given(costs: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    if len(costs) != len(values) or not costs:
        raise ValueError(f"{len(costs)} costs stand beside {len(values)} values")
    if costs != sorted(costs) or not 0 <= costs[0] <= costs[-1] < float("inf"):
        raise ValueError("costs are finite, not below 0, and stand from the lowest to the highest")
    if not all(abs(value) < float("inf") for value in values):
        raise ValueError("values are finite numbers")
    return (costs, values) if costs[0] == 0 else ([0.0, *costs], [0.0, *values])


class Planned(Struct, frozen=True, kw_only=True):
    """What a problem gets of a budget."""

    problem_id: str
    option: int
    """Draws of a recorded problem; of a line of costs the place, where 0 is nothing."""
    cost: float
    expected: float


def plan_of(problems: Sequence[str], curves: Curves, found: Allocation) -> Iterator[Planned]:
    """A line for each problem."""
    for at, (name, option) in enumerate(zip(problems, found.choice.tolist(), strict=True)):
        yield Planned(
            problem_id=name,
            option=option,
            cost=float(found.costs[at]),
            expected=float(curves.values[at, option]),
        )


def write_plan(path: Path, rows: Iterable[Planned]) -> None:
    """A line of JSON for each problem; `BadInput` where the file cannot be written."""
    try:
        with path.open("wb") as file:
            file.writelines(msgspec.json.encode(row) + b"\n" for row in rows)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error}).") from error
