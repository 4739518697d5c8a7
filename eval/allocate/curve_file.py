"""Curves that somebody has: a file with a line for each problem, and the plan that is written back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from tts.errors import BadInput
from tts.eval.allocate.counts import missed
from tts.eval.allocate.curves import Allocation, Curves
from tts.eval.problems.lines import text_lines

MARKS = ("values", "successes")
"""What a row of curves has, and a recorded draw has not."""


class CurveFile(Struct, frozen=True, kw_only=True):
    """The curves of a file, and whose they are."""

    problems: tuple[str, ...]
    curves: Curves
    successes: tuple[int, ...] | None
    """Where every line counts successes of equally many draws of equal cost."""
    draws: int = 0
    cost: float = 1.0


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
    told, rows = list[_Row](), list[tuple[Sequence[float], Sequence[float]]]()
    for number, line in text_lines(path):
        if isinstance(line, ValueError):
            raise BadInput(f"{path}:{number}: {line}.")
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=_Row)
            rows.append(_options(row))
            told.append(row)
        except (msgspec.DecodeError, ValueError) as error:
            raise BadInput(f"{path}:{number}: {str(error).removesuffix('.')}.") from error
    if not rows:
        raise BadInput(f"{path} holds no curves.")
    most = max(len(values) for _, values in rows)
    costs, values = np.empty((len(rows), most)), np.full((len(rows), most), -np.inf)
    for at, (cost, value) in enumerate(rows):
        costs[at, : len(cost)], costs[at, len(cost) :] = cost, cost[-1]
        values[at, : len(value)] = value
    alike = {(one.draws, one.cost) for one in told if one.values is None}
    counted = len(alike) == 1 and all(one.values is None for one in told)
    return CurveFile(
        problems=tuple(one.problem_id for one in told),
        curves=Curves.of(costs, values),
        successes=tuple(one.successes or 0 for one in told) if counted else None,
        draws=told[0].draws or 0,
        cost=told[0].cost,
    )


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
