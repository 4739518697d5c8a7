"""The frame of a chart: grid, ticks and axis names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from tts.eval.report.scale import Scale
from tts.eval.report.svg import element, label


def axes(
    x: Scale,
    y: Scale,
    *,
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
    x_word: Callable[[float], str],
    y_word: Callable[[float], str],
) -> Markup:
    """Horizontal grid lines, a base line and tick texts."""
    rows = [_row(x, y(tick), y_word(tick)) for tick in y_ticks]
    columns = [_column(x(tick), y.start, x_word(tick)) for tick in x_ticks]
    base = element("line", x1=x.start, x2=x.end, y1=y.start, y2=y.start, class_="axis")
    return element("g", *rows, base, *columns)


def axis_names(x: Scale, y: Scale, x_name: str, y_name: str) -> Markup:
    """The name of x below, that of y above the left end."""
    below = label(
        x_name,
        limit=90,
        x=(x.start + x.end) / 2,
        y=y.start + 38,
        text_anchor="middle",
        class_="name",
    )
    above = label(y_name, x=x.start - 44, y=y.end - 12, class_="name")
    return element("g", below, above)


def _row(x: Scale, at: float, word: str) -> Markup:
    line = element("line", x1=x.start, x2=x.end, y1=at, y2=at, class_="grid")
    return element(
        "g", line, label(word, x=x.start - 8, y=at + 4, text_anchor="end", class_="tick")
    )


def _column(at: float, base: float, word: str) -> Markup:
    mark = element("line", x1=at, x2=at, y1=base, y2=base + 5, class_="axis")
    return element("g", mark, label(word, x=at, y=base + 19, text_anchor="middle", class_="tick"))
