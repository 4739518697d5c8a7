"""Accuracy against cost."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts.eval.report import wording
from tts.eval.report.axes import axes, axis_names
from tts.eval.report.curve import Cost, Curve, Point, frontier
from tts.eval.report.marks import colour, marker, spread, whisker
from tts.eval.report.scale import Scale
from tts.eval.report.svg import element, label, path, title

WIDTH, HEIGHT = 920.0, 400.0
LOG_FROM = 5.0
"""Costs that differ by this factor get a logarithmic axis unless it is said otherwise."""
_NAMES: dict[Cost, str] = {
    "tokens": "mean attributed tokens per run, verifiers included",
    "dollars": "mean attributed dollars per run, verifiers included",
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
    best = frontier(curves)
    return element(
        "svg",
        title(f"Accuracy against {_NAMES[cost]}"),
        axes(
            x,
            y,
            x_ticks=x.ticks(6),
            y_ticks=y.ticks(6),
            x_word=wording.short if cost == "tokens" else wording.short_money,
            y_word=lambda share: f"{share * 100:.3g}",
        ),
        axis_names(x, y, _NAMES[cost] + (" (log)" if x.log else ""), "accuracy, %"),
        path([(x(one.cost), y(one.accuracy.value)) for one in best], class_="frontier"),
        *(_line(curve, index, x, y, dashed=False) for index, curve in enumerate(curves)),
        *(_line(curve, len(curves) + i, x, y, dashed=True) for i, curve in enumerate(reference)),
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


def _line(curve: Curve, index: int, x: Scale, y: Scale, *, dashed: bool) -> Markup:
    places = [(x(point.cost), y(point.accuracy.value)) for point in curve.points]
    style = f"line {colour(index)}" + (" dashed" if dashed else "")
    line = path(places, class_=style)
    if dashed:
        return element("g", line)
    return element("g", line, *(_point(point, index, x(point.cost), y) for point in curve.points))


def _point(point: Point, index: int, at: float, y: Scale) -> Markup:
    found = point.accuracy
    return element(
        "g",
        title(
            f"{point.label}: {wording.percent(found.value)} % "
            f"({wording.sure(found, point.n)}) at {wording.short(point.cost)}"
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
