"""What a search found, as a page to look at and as a profile that `vllm:` loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tts.eval.tune.trial import Failed, Measured, Point, Space, Tried, Value, best_of, engine_values
from tts.pages.drawing import Scale, axes, element, label, marker, title

_WIDTH, _HEIGHT, _LEFT = 760.0, 250.0, 70.0
_CELL_W, _CELL_H = 96.0, 34.0
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ heading }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
svg { display: block; max-width: 100%; margin: 1rem 0 2rem }
text { font: 12px system-ui, sans-serif; fill: #333 } .name { font-weight: 600 }
.grid { stroke: #e4e4e4 } .axis { stroke: #777 } .dot { fill: #2563a8 } .failed { fill: #b3261e }
td, th { text-align: left; padding: .15rem .8rem .15rem 0 } .n { text-align: right }
</style></head><body>
<h1>{{ heading }}</h1><p>{{ said }}</p>
{% for figure in figures %}{{ figure }}{% endfor %}
<table><tr><th class="n">{{ unit }}</th><th class="n">low</th><th class="n">high</th>
{% for name in names %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td{% if loop.index < 4 %} class="n"{% endif %}>
{{- cell }}</td>{% endfor %}</tr>
{% endfor %}</table></body></html>
"""


def landscape_page(
    tried: Sequence[Tried], space: Space, *, heading: str, unit: str, said: str = ""
) -> str:
    """A panel per argument, the plane of the first two, and every trial; all texts are escaped.

    Dots are medians of single trials and not averages over the others' values: the landscape is
    irregular, and the scatter in a column shows how much the other arguments matter there.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    figures = [_plane(tried, space), *(_panel(tried, name, space[name], unit) for name in space)]
    return environment.from_string(_PAGE).render(
        heading=heading,
        unit=unit,
        said=said,
        figures=figures,
        names=list(space),
        rows=[_row(one, space) for one in by_rate(tried)],
    )


def by_rate(tried: Sequence[Tried]) -> list[Tried]:
    """The fastest first, failures last."""
    return sorted(
        tried, key=lambda one: -one.outcome.rate if isinstance(one.outcome, Measured) else 0.0
    )


def _row(one: Tried, space: Space) -> list[object]:
    values = [one.point[name] for name in space]
    if isinstance(one.outcome, Failed):
        return [one.outcome.reason, "", "", *values]
    found = one.outcome
    return [*(f"{x:,.0f}" for x in (found.rate, min(found.rates), max(found.rates))), *values]


def _panel(tried: Sequence[Tried], name: str, values: Sequence[Value], unit: str) -> Markup:
    """Throughput over one argument's values; failures stand on the base line."""
    rates = [one.outcome.rate for one in tried if isinstance(one.outcome, Measured)]
    y = Scale(low=0.0, high=max(rates, default=1.0) * 1.05, start=_HEIGHT - 44, end=30.0)
    x = Scale(low=-0.5, high=len(values) - 0.5, start=_LEFT, end=_WIDTH - 10)
    frame = axes(
        x,
        y,
        x_ticks=list(range(len(values))),
        y_ticks=y.ticks(5),
        x_word=lambda place: str(values[round(place)]),
        y_word=lambda rate: f"{rate:,.0f}",
    )
    dots = [_dot(one, x(values.index(one.point[name])), y) for one in tried]
    heading = label(f"{unit} by {name}", limit=80, x=_LEFT, y=16, class_="name")
    return element(
        "svg", title(f"{unit} by {name}"), frame, heading, *dots, viewBox=_box(_WIDTH, _HEIGHT)
    )


def _dot(one: Tried, at: float, y: Scale) -> Markup:
    point = ", ".join(f"{name}={value}" for name, value in one.point.items())
    # Trials of one value stand beside one another, in their order.
    at += (one.number % 9 - 4) * 4.0
    if isinstance(one.outcome, Failed):
        cross = label("×", x=at, y=y.start + 4, text_anchor="middle", class_="failed")
        return element("g", title(f"{point}: {one.outcome.reason}"), cross)
    return element(
        "g", title(f"{point}: {one.outcome.rate:,.0f}"), marker(at, y(one.outcome.rate), 0, size=4)
    )


def _plane(tried: Sequence[Tried], space: Space) -> Markup:
    """The best rate of each pair of the first two arguments' values."""
    first, second = list(space)[:2]
    best = best_of(tuple(tried))
    top = best[1].rate if best else 1.0
    cells = [
        _cell(
            [one for one in tried if (one.point[first], one.point[second]) == (down, across)],
            _LEFT + column * _CELL_W,
            34 + row * _CELL_H,
            top,
        )
        for row, down in enumerate(space[first])
        for column, across in enumerate(space[second])
    ]
    rows = [
        label(down, x=_LEFT - 8, y=34 + (row + 0.6) * _CELL_H, text_anchor="end")
        for row, down in enumerate(space[first])
    ]
    bottom = 34 + len(space[first]) * _CELL_H + 16
    columns = [
        label(across, x=_LEFT + (column + 0.5) * _CELL_W, y=bottom, text_anchor="middle")
        for column, across in enumerate(space[second])
    ]
    heading = label(f"best by {first} (down) and {second}", limit=90, x=_LEFT, y=16, class_="name")
    width = _LEFT + len(space[second]) * _CELL_W
    return element("svg", heading, *cells, *rows, *columns, viewBox=_box(width, bottom + 10))


def _cell(here: Sequence[Tried], x: float, y: float, top: float) -> Markup:
    best = best_of(tuple(here))
    word = f"{best[1].rate:,.0f}" if best else "×" if here else ""
    shade = f"rgba(37,99,168,{0.1 + 0.8 * (best[1].rate / top) ** 3:.2f})" if best else "none"
    box = element(
        "rect", x=x, y=y, width=_CELL_W - 2, height=_CELL_H - 2, fill=shade, stroke="#ccc"
    )
    text = label(word, x=x + _CELL_W / 2, y=y + _CELL_H / 2 + 4, text_anchor="middle")
    return element("g", box, text)


def _box(width: float, height: float) -> str:
    return f"0 0 {width:.0f} {height:.0f}"


def profile_text(
    tried: tuple[Tried, ...], *, facts: dict[str, Any], shipped: Sequence[Point]
) -> str:
    """YAML with the best setting's engine arguments, its figures and where they were measured.

    `facts`: model, workload, machine and unit. `shipped`: the profiles it is compared with. Raises
    ValueError where every trial failed.
    """
    best = best_of(tried)
    if best is None:
        raise ValueError("Every trial failed.")
    one, measured = best
    content: dict[str, Any] = {
        **facts,
        "rate": figures(measured),
        "rates_of_shipped_profiles": [figures(one) for one in rates_of(tried, shipped)],
        "clear_of_shipped_profiles": clear_of(measured, rates_of(tried, shipped)),
        "trials": len(tried),
        "failed": sum(isinstance(t.outcome, Failed) for t in tried),
        "engine_arguments": engine_values(one.point),
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def rates_of(tried: Sequence[Tried], points: Sequence[Point]) -> list[Measured]:
    """What was measured at the points."""
    return [
        one.outcome
        for point in points
        for one in tried
        if one.point == dict(point) and isinstance(one.outcome, Measured)
    ]


def clear_of(best: Measured, others: Sequence[Measured]) -> bool:
    """Whether every repeat of the best is faster than every one of the others.

    Where this is false, the gain may be the luck of the best of many noisy trials.
    """
    return min(best.rates) > max((max(one.rates) for one in others), default=0.0)


def figures(measured: Measured) -> dict[str, float]:
    """Median and range of the repeats."""
    return {
        "median": round(measured.rate, 1),
        "low": round(min(measured.rates), 1),
        "high": round(max(measured.rates), 1),
    }
