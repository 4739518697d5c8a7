"""What tells the strategies of a chart apart: colour, shape and dash."""

from __future__ import annotations

from markupsafe import Markup

from tts.eval.report.svg import Attribute, element, path

COLOURS = 8
_SHAPES = 4


def colour(index: int) -> str:
    """The style class of a strategy."""
    return f"c{index % COLOURS}"


def marker(x: float, y: float, index: int, *, size: float = 4.5) -> Markup:
    """A dot, square, triangle or diamond; shape and colour together repeat after 32."""
    shape = (index + index // COLOURS) % _SHAPES
    common: dict[str, Attribute] = {"class_": f"dot {colour(index)}"}
    if shape == 0:
        return element("circle", cx=x, cy=y, r=size, **common)
    if shape == 1:
        return element("rect", x=x - size, y=y - size, width=2 * size, height=2 * size, **common)
    reach = size * 1.3
    corners = [(x, y - reach), (x + reach, y + reach * 0.8), (x - reach, y + reach * 0.8)]
    if shape == 3:
        corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
    text = " ".join(f"{a:.2f},{b:.2f}" for a, b in corners)
    return element("polygon", points=text, **common)


def whisker(x: float, low: float, high: float, index: int) -> Markup:
    """An interval as a thin line with caps; `low` and `high` are places."""
    cap = 3.5
    stem = path([(x, low), (x, high)], class_=f"whisker {colour(index)}")
    ends = [
        path([(x - cap, at), (x + cap, at)], class_=f"whisker {colour(index)}")
        for at in (low, high)
    ]
    return element("g", stem, *ends)


def spread(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places moved apart to at least `gap`, in their order, kept within low…high if they fit."""
    order = sorted(range(len(places)), key=lambda one: places[one])
    moved = [0.0] * len(places)
    floor = low
    for one in order:
        moved[one] = max(places[one], floor)
        floor = moved[one] + gap
    ceiling = high
    for one in reversed(order):
        moved[one] = min(moved[one], ceiling)
        ceiling = moved[one] - gap
    return moved
