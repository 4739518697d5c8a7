"""Accuracy against cost, one small panel per difficulty bin."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts.eval.report import wording
from tts.eval.report.axes import axes
from tts.eval.report.cost_figure import WIDTH, cost_scale
from tts.eval.report.marks import colour, marker
from tts.eval.report.row import Row
from tts.eval.report.scale import Scale
from tts.eval.report.svg import element, label, path, title

_HEIGHT = 212.0
_GAP = 14.0
_LEFT = 44.0

Placed = tuple[float, float, str]
"""Cost, accuracy, tooltip."""


def bin_figure(rows: Sequence[Row], *, log: bool | None = None) -> Markup:
    """Panels from easiest to hardest on shared axes; empty where no problem has a bin."""
    bins = sorted({one.bin for row in rows for one in row.bins})
    if not bins:
        return Markup("")
    width = (WIDTH - _LEFT) / len(bins)
    costs = [row.tokens_per_run for row in rows]
    panels = [
        _panel(rows, place, cost_scale(costs, log, start=start, end=start + width - _GAP), index)
        for index, place in enumerate(bins)
        for start in [_LEFT + index * width]
    ]
    return element(
        "svg",
        title("Accuracy against tokens by difficulty bin"),
        *panels,
        label(
            "mean attributed tokens per run over all bins",
            limit=60,
            x=WIDTH / 2,
            y=_HEIGHT - 4,
            text_anchor="middle",
            class_="name",
        ),
        viewBox=f"0 0 {WIDTH:.0f} {_HEIGHT:.0f}",
        role="img",
        class_="figure",
    )


def _panel(rows: Sequence[Row], place: int, x: Scale, index: int) -> Markup:
    y = Scale(low=0.0, high=1.0, start=_HEIGHT - 44, end=30.0)
    n = max(one.n for row in rows for one in row.bins if one.bin == place)
    lines = _lines(rows, place)
    return element(
        "g",
        axes(
            x,
            y,
            x_ticks=_few(x.ticks(3)),
            y_ticks=[0, 0.25, 0.5, 0.75, 1],
            x_word=wording.short,
            y_word=lambda share: f"{share * 100:.0f}" if index == 0 else "",
        ),
        label(f"bin {place} (n = {n})", x=x.start, y=18, class_="name"),
        *(_line(points, number, x, y) for number, points in enumerate(lines)),
    )


def _few(ticks: list[float]) -> list[float]:
    return ticks if len(ticks) <= 3 else [ticks[0], ticks[len(ticks) // 2], ticks[-1]]


def _lines(rows: Sequence[Row], place: int) -> list[list[Placed]]:
    lines: dict[str, list[Placed]] = {row.strategy: [] for row in rows}
    for row in rows:
        for one in row.bins:
            if one.bin == place:
                found = one.accuracy
                word = (
                    f"{row.label}: {wording.percent(found.value)} % ({wording.sure(found, one.n)})"
                )
                lines[row.strategy].append((row.tokens_per_run, found.value, word))
    return [sorted(points) for points in lines.values()]


def _line(points: Sequence[Placed], index: int, x: Scale, y: Scale) -> Markup:
    places = [(x(cost), y(value)) for cost, value, _ in points]
    dots = [
        element("g", title(word), marker(*at, index, size=3))
        for at, (_, _, word) in zip(places, points, strict=True)
    ]
    return element("g", path(places, class_=f"line thin {colour(index)}"), *dots)
