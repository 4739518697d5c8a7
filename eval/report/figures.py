"""The figures of a report: accuracy against cost, by difficulty, and where the tokens went."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts.eval.report import wording
from tts.eval.report.axes import Axis, Cost, axis_of
from tts.eval.report.chart import (
    Scale,
    axes,
    axis_names,
    colour,
    element,
    label,
    marker,
    path,
    spread,
    title,
    whisker,
)
from tts.eval.report.comparison_report import Curve, Point, frontier
from tts.eval.report.rows import Row
from tts.protocols import Role

WIDTH, HEIGHT = 920.0, 400.0
LOG_FROM = 5.0
"""Costs that differ by this factor get a logarithmic axis unless it is said otherwise."""
_BIN_HEIGHT = 212.0
_BIN_GAP = 14.0
_BIN_LEFT = 44.0
Placed = tuple[float, float, str]
"""Cost, accuracy, tooltip."""
_BAR, _STEP, _TOP = 16.0, 24.0, 34.0
_BARS_FROM, _BARS_TO = 300.0, WIDTH - 70.0
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
    x, y = cost_scale([point.cost for point in points], log), _accuracy_scale(points)
    best, axis = frontier(curves), axis_of(cost)
    return element(
        "svg",
        title(f"Accuracy against {axis.counts}"),
        axes(
            x,
            y,
            x_ticks=x.ticks(6),
            y_ticks=y.ticks(6),
            x_word=axis.short,
            y_word=lambda share: f"{share * 100:.3g}",
        ),
        axis_names(x, y, f"{axis.counts}, mean of a run" + " (log)" * x.log, "accuracy, %"),
        path([(x(one.cost), y(one.accuracy.value)) for one in best], class_="frontier"),
        *(_curve(curve, index, x, y, axis) for index, curve in enumerate(curves)),
        *(_expected(curve, len(curves) + i, x, y) for i, curve in enumerate(reference)),
        _labels([*curves, *reference], x, y),
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
        class_="figure",
    )


def cost_scale(
    costs: Sequence[float],
    log: bool | None,
    *,
    start: float = 52.0,
    end: float = WIDTH - 205.0,
) -> Scale:
    """The x axis; logarithmic by default where costs differ much, never with a cost of zero."""
    low, high = min(costs), max(costs)
    wide = high > LOG_FROM * low if log is None else log
    if wide and low > 0:
        room = (high / low) ** 0.06 if high > low else 1.5
        return Scale(low=low / room, high=high * room, start=start, end=end, log=True)
    return Scale(low=0.0, high=high * 1.06 or 1.0, start=start, end=end)


def _accuracy_scale(points: Sequence[Point]) -> Scale:
    low = min(point.accuracy.low for point in points)
    high = max(point.accuracy.high for point in points)
    room = max(0.02, (high - low) * 0.06)
    bounds = max(0.0, low - room), min(1.0, high + room)
    return Scale(low=bounds[0], high=bounds[1], start=HEIGHT - 52, end=34.0)


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
                class_=f"series {colour(index)}",
            )
        )
    return element("g", *parts)


def bin_figure(rows: Sequence[Row], *, cost: Cost = "tokens", log: bool | None = None) -> Markup:
    """Panels from easiest to hardest on shared axes; empty where no problem has a bin, or no cost
    is known."""
    bins, axis = sorted({one.bin for row in rows for one in row.bins}), axis_of(cost)
    costs = [amount for row in rows if (amount := axis.of(row)) is not None]
    if not bins or not costs:
        return Markup("")
    width = (WIDTH - _BIN_LEFT) / len(bins)
    panels = []
    for index, place in enumerate(bins):
        start = _BIN_LEFT + index * width
        x = cost_scale(costs, log, start=start, end=start + width - _BIN_GAP)
        panels.append(_panel(rows, place, x, index, axis))
    return element(
        "svg",
        title(f"Accuracy by difficulty bin against {axis.counts}"),
        *panels,
        label(
            f"{axis.counts}, mean of a run over all bins",
            limit=90,
            x=WIDTH / 2,
            y=_BIN_HEIGHT - 4,
            text_anchor="middle",
            class_="name",
        ),
        viewBox=f"0 0 {WIDTH:.0f} {_BIN_HEIGHT:.0f}",
        role="img",
        class_="figure",
    )


def _panel(rows: Sequence[Row], place: int, x: Scale, index: int, axis: Axis) -> Markup:
    y = Scale(low=0.0, high=1.0, start=_BIN_HEIGHT - 44, end=30.0)
    n = max(one.n for row in rows for one in row.bins if one.bin == place)
    lines = _bin_lines(rows, place, axis)
    return element(
        "g",
        axes(
            x,
            y,
            x_ticks=_few(x.ticks(3)),
            y_ticks=[0, 0.25, 0.5, 0.75, 1],
            x_word=axis.short,
            y_word=lambda share: f"{share * 100:.0f}" if index == 0 else "",
        ),
        label(f"bin {place} (n = {n})", x=x.start, y=18, class_="name"),
        *(_bin_line(points, number, x, y) for number, points in enumerate(lines)),
    )


def _few(ticks: list[float]) -> list[float]:
    return ticks if len(ticks) <= 3 else [ticks[0], ticks[len(ticks) // 2], ticks[-1]]


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
    most = max(sum(one.usage.tokens for one in row.spend) / row.runs for row in shown)
    x = Scale(low=0.0, high=most or 1.0, start=_BARS_FROM, end=_BARS_TO)
    height = _TOP + _STEP * len(shown) + 6
    return element(
        "svg",
        title("Mean attributed tokens per run by role"),
        _legend(used),
        *(_bar(row, x, _TOP + _STEP * place) for place, row in enumerate(shown)),
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        class_="figure",
    )


def _legend(roles: Sequence[Role]) -> Markup:
    parts = []
    for place, role in enumerate(roles):
        at = _BARS_FROM + place * 96
        parts.append(element("rect", x=at, y=8, width=11, height=11, class_=f"role {role}"))
        parts.append(label(_ROLES[role], x=at + 16, y=18, class_="tick"))
    return element("g", *parts)


def _bar(row: Row, x: Scale, top: float) -> Markup:
    name = label(
        row.label, limit=40, x=_BARS_FROM - 10, y=top + 12.5, text_anchor="end", class_="series"
    )
    parts, done = [name], 0.0
    for one in row.spend:
        amount = one.usage.tokens / row.runs
        start, end = x(done), x(done + amount)
        done += amount
        word = title(f"{_ROLES[one.role]}: {wording.count(amount)} tokens per run")
        parts.append(
            element(
                "rect",
                word,
                x=start,
                y=top,
                width=max(0.0, end - start),
                height=_BAR,
                class_=f"role {one.role}",
            )
        )
    parts.append(label(wording.short(done), x=x(done) + 7, y=top + 12.5, class_="tick"))
    return element("g", *parts)
