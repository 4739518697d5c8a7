"""The figures of a report: accuracy against cost, by difficulty, and where the tokens went.

Each is drawn for a wide page and anew for a phone, where texts stay as large as they are."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts.eval.report import wording
from tts.eval.report.axes import Axis, Cost, axis_of
from tts.eval.report.comparison_report import Curve, Point, frontier
from tts.eval.report.rows import Row
from tts.pages.drawing import (
    FRAMES,
    WIDE,
    Frame,
    Scale,
    axes,
    axis_names,
    colour,
    drawing,
    element,
    key,
    label,
    marker,
    path,
    spread,
    title,
    whisker,
)
from tts.protocols import Role

LOG_FROM = 5.0
"""Costs that differ by this factor get a logarithmic axis unless it is said otherwise."""
_LINE = 21.0
"""Of a key below a narrow figure."""
_BIN_HEIGHT = 212.0
_BIN_GAP = 14.0
_BIN_LEFT = 44.0
Placed = tuple[float, float, str]
"""Cost, accuracy, tooltip."""
_BAR, _STEP, _TOP = 16.0, 24.0, 34.0
_ROLES: dict[Role, str] = {
    "sample": "policy",
    "verify": "verifier",
    "judge": "judge",
    "plan": "planner",
    "retrieve": "retrieval",
    "embed": "embedding",
    "tool": "tools",
}


def cost_figure(
    curves: Sequence[Curve],
    *,
    cost: Cost,
    reference: Sequence[Curve] = (),
    log: bool | None = None,
) -> Markup:
    """One line per strategy with its intervals, and the frontier behind them.

    `reference` curves are dashed. Empty where there is no point.
    """
    points = [point for curve in (*curves, *reference) for point in curve.points]
    if not points:
        return Markup("")
    return Markup("").join(_cost_drawing(curves, reference, cost, log, frame) for frame in FRAMES)


def _cost_drawing(
    curves: Sequence[Curve],
    reference: Sequence[Curve],
    cost: Cost,
    log: bool | None,
    frame: Frame,
) -> Markup:
    every = [*curves, *reference]
    points = [point for curve in every for point in curve.points]
    x = cost_scale(
        [point.cost for point in points], log, start=frame.left, end=frame.width - frame.right
    )
    y, axis, best = _accuracy_scale(points, frame), axis_of(cost), frontier(curves)
    counts = axis.title if frame.narrow else f"{axis.counts}, mean of a run"
    names = _key(every, frame.height) if frame.narrow else _labels(every, x, y)
    return drawing(
        f"Accuracy against {axis.counts}{' (log)' * x.log}",
        axes(
            x,
            y,
            x_ticks=_few(x.ticks(frame.ticks), frame.ticks),
            y_ticks=y.ticks(6),
            x_word=axis.short,
            y_word=lambda share: f"{share * 100:.3g}",
        ),
        axis_names(x, y, f"{counts}{' (log)' * x.log}", "accuracy, %"),
        path([(x(one.cost), y(one.accuracy.value)) for one in best], class_="frontier"),
        *(_curve(curve, index, x, y, axis) for index, curve in enumerate(curves)),
        *(_expected(curve, len(curves) + i, x, y) for i, curve in enumerate(reference)),
        names,
        width=frame.width,
        height=frame.height + (_LINE * len(every) if frame.narrow else 0),
        frame=frame.name,
    )


def cost_scale(
    costs: Sequence[float],
    log: bool | None,
    *,
    start: float = WIDE.left,
    end: float = WIDE.width - WIDE.right,
) -> Scale:
    """The x axis; logarithmic by default where costs differ much, never with a cost of zero."""
    low, high = min(costs), max(costs)
    wide = high > LOG_FROM * low if log is None else log
    if wide and low > 0:
        room = (high / low) ** 0.06 if high > low else 1.5
        return Scale(low=low / room, high=high * room, start=start, end=end, log=True)
    return Scale(low=0.0, high=high * 1.06 or 1.0, start=start, end=end)


def _accuracy_scale(points: Sequence[Point], frame: Frame) -> Scale:
    low = min(point.accuracy.low for point in points)
    high = max(point.accuracy.high for point in points)
    room = max(0.02, (high - low) * 0.06)
    bounds = max(0.0, low - room), min(1.0, high + room)
    return Scale(low=bounds[0], high=bounds[1], start=frame.height - 52, end=34.0)


def _curve(curve: Curve, index: int, x: Scale, y: Scale, axis: Axis) -> Markup:
    line = path(_places(curve, x, y), class_=f"line {colour(index)}")
    dots = (_point(point, index, x(point.cost), y, axis) for point in curve.points)
    return element("g", line, *dots)


def _expected(curve: Curve, index: int, x: Scale, y: Scale) -> Markup:
    """An expectation, no run: dashed and without points."""
    return element("g", path(_places(curve, x, y), class_=f"line {colour(index)} dashed"))


def _places(curve: Curve, x: Scale, y: Scale) -> list[tuple[float, float]]:
    return [(x(point.cost), y(point.accuracy.value)) for point in curve.points]


def _point(point: Point, index: int, at: float, y: Scale, axis: Axis) -> Markup:
    found = point.accuracy
    return element(
        "g",
        title(
            f"{point.label}: {wording.percent(found.value)} % "
            f"({wording.sure(found, point.n)}) at {axis.short(point.cost)}"
        ),
        *([whisker(at, y(found.low), y(found.high), index)] if point.telling else []),
        marker(at, y(found.value), index),
    )


def _key(curves: Sequence[Curve], top: float) -> Markup:
    """The strategies by their marks, below a narrow figure."""
    names = [curve.strategy for curve in curves]
    return key(names, left=12.0, top=top, step=_LINE, limit=44)


def _labels(curves: Sequence[Curve], x: Scale, y: Scale) -> Markup:
    ends = [(x(curve.points[-1].cost), y(curve.points[-1].accuracy.value)) for curve in curves]
    heights = spread([height for _, height in ends], 17.0, y.end, y.start)
    parts = []
    for index, (curve, (at, height), moved) in enumerate(zip(curves, ends, heights, strict=True)):
        leader = [(at + 8, height), (x.end + 6, moved), (x.end + 14, moved)]
        parts.append(path(leader, class_=f"leader {colour(index)}"))
        parts.append(
            label(
                curve.strategy,
                limit=27,
                x=x.end + 18,
                y=moved + 4,
                class_=f"series coloured {colour(index)}",
            )
        )
    return element("g", *parts)


def bin_figure(rows: Sequence[Row], *, cost: Cost = "tokens", log: bool | None = None) -> Markup:
    """Panels from easiest to hardest on shared axes, below each other on a phone; empty where no
    problem has a bin, or no cost is known."""
    bins, axis = sorted({one.bin for row in rows for one in row.bins}), axis_of(cost)
    costs = [amount for row in rows if (amount := axis.of(row)) is not None]
    if not bins or not costs:
        return Markup("")
    return Markup("").join(_bin_drawing(rows, bins, axis, costs, log, frame) for frame in FRAMES)


def _bin_drawing(
    rows: Sequence[Row],
    bins: Sequence[int],
    axis: Axis,
    costs: Sequence[float],
    log: bool | None,
    frame: Frame,
) -> Markup:
    across = 1 if frame.narrow else len(bins)
    width = (frame.width - _BIN_LEFT) / across
    panels = []
    for index, place in enumerate(bins):
        start = _BIN_LEFT + (index % across) * width
        x = cost_scale(costs, log, start=start, end=start + width - _BIN_GAP)
        top = (index // across) * (_BIN_HEIGHT - 20)
        panels.append(_panel(rows, place, x, axis, top, index % across == 0))
    height = _BIN_HEIGHT + (len(bins) // across - 1) * (_BIN_HEIGHT - 20)
    counts = axis.title if frame.narrow else f"{axis.counts}, mean of a run over all bins"
    return drawing(
        f"Accuracy by difficulty bin against {axis.counts}",
        *panels,
        label(
            counts,
            limit=90,
            x=frame.width / 2,
            y=height - 4,
            text_anchor="middle",
            class_="name",
        ),
        width=frame.width,
        height=height,
        frame=frame.name,
    )


def _panel(
    rows: Sequence[Row], place: int, x: Scale, axis: Axis, top: float, first: bool
) -> Markup:
    y = Scale(low=0.0, high=1.0, start=top + _BIN_HEIGHT - 44, end=top + 30.0)
    n = max(one.n for row in rows for one in row.bins if one.bin == place)
    lines = _bin_lines(rows, place, axis)
    return element(
        "g",
        axes(
            x,
            y,
            x_ticks=_few(x.ticks(3), 3),
            y_ticks=[0, 0.25, 0.5, 0.75, 1],
            x_word=axis.short,
            y_word=lambda share: f"{share * 100:.0f}" if first else "",
        ),
        label(f"bin {place} (n = {n})", x=x.start, y=top + 18, class_="name"),
        *(_bin_line(points, number, x, y) for number, points in enumerate(lines)),
    )


def _few(ticks: list[float], most: int) -> list[float]:
    """At most so many of them, evenly, the last one among them."""
    every = -(-len(ticks) // most)
    return ticks if len(ticks) <= most else ticks[::-1][::every][::-1]


def _bin_lines(rows: Sequence[Row], place: int, axis: Axis) -> list[list[Placed]]:
    lines: dict[str, list[Placed]] = {row.strategy: [] for row in rows}
    for row in rows:
        amount = axis.of(row)
        for one in row.bins:
            if one.bin == place and amount is not None:
                found = one.accuracy
                word = (
                    f"{row.label}: {wording.percent(found.value)} % ({wording.sure(found, one.n)})"
                )
                lines[row.strategy].append((amount, found.value, word))
    return [sorted(points) for points in lines.values()]


def _bin_line(points: Sequence[Placed], index: int, x: Scale, y: Scale) -> Markup:
    places = [(x(cost), y(value)) for cost, value, _ in points]
    dots = [
        element("g", title(word), marker(*at, index, size=3))
        for at, (_, _, word) in zip(places, points, strict=True)
    ]
    return element("g", path(places, class_=f"line thin {colour(index)}"), *dots)


def spend_figure(rows: Sequence[Row]) -> Markup:
    """Stacked bars of mean attributed tokens per run by role; empty where none was recorded."""
    shown = [row for row in rows if row.spend and row.runs]
    used: list[Role] = [
        role for role in _ROLES if any(one.role == role for row in shown for one in row.spend)
    ]
    if not used:
        return Markup("")
    return Markup("").join(_spend_drawing(shown, used, frame) for frame in FRAMES)


def _spend_drawing(rows: Sequence[Row], roles: Sequence[Role], frame: Frame) -> Markup:
    """Names stand beside their bars, or above them where there is no room."""
    most = max(sum(one.usage.tokens for one in row.spend) / row.runs for row in rows)
    start, step = (4.0, 2 * _STEP) if frame.narrow else (300.0, _STEP)
    x = Scale(low=0.0, high=most or 1.0, start=start, end=frame.width - 60.0)
    lines = -(-len(roles) // 3) if frame.narrow else 1
    top = _TOP + (lines - 1) * _LINE
    return drawing(
        "Mean attributed tokens per run by role",
        _legend(roles, start, 3 if frame.narrow else len(roles)),
        *(_bar(row, x, top + step * place, frame) for place, row in enumerate(rows)),
        width=frame.width,
        height=top + step * len(rows) + 6,
        frame=frame.name,
    )


def _legend(roles: Sequence[Role], left: float, across: int) -> Markup:
    parts = []
    for place, role in enumerate(roles):
        at, top = left + place % across * 104, 8 + place // across * _LINE
        parts.append(element("rect", x=at, y=top, width=11, height=11, class_=f"role {role}"))
        parts.append(label(_ROLES[role], x=at + 16, y=top + 10, class_="tick"))
    return element("g", *parts)


def _bar(row: Row, x: Scale, top: float, frame: Frame) -> Markup:
    if frame.narrow:
        name = label(row.label, limit=46, x=x.start, y=top + 12.5, class_="series")
        top += _STEP - 4
    else:
        name = label(row.label, x=x.start - 10, y=top + 12.5, text_anchor="end", class_="series")
    parts, done = [name], 0.0
    for one in row.spend:
        amount = one.usage.tokens / row.runs
        start, end = x(done), x(done + amount)
        done += amount
        word = title(f"{_ROLES[one.role]}: {wording.count(amount)} tokens per run")
        size = {"x": start, "y": top, "width": max(0.0, end - start), "height": _BAR}
        parts.append(element("rect", word, class_=f"role {one.role}", **size))
    parts.append(label(wording.short(done), x=x(done) + 7, y=top + 12.5, class_="tick"))
    return element("g", *parts)
