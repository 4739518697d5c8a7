"""What charts are drawn of: SVG elements, scales, axes and marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor, log10

from markupsafe import Markup, escape
from msgspec import Struct

from tts.values.visible import visible

Attribute = str | float
COLOURS = 8
_SHAPES = 4


def element(name: str, *children: Markup, **attributes: Attribute) -> Markup:
    """An element; `class_` is the class, underscores in attribute names become hyphens."""
    pairs = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _plain(value))
        for key, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), pairs, Markup("").join(children))


def label(text: object, *, limit: int = 40, **attributes: Attribute) -> Markup:
    """A text element; the whole text is its tooltip where it had to be cut."""
    shown = visible(text, limit)
    cut = [title(text)] if shown != str(text) else []
    return element("text", *cut, escape(shown), **attributes)


def title(text: object) -> Markup:
    """The tooltip and accessible name of the element that holds it."""
    return element("title", escape(visible(text, 500)))


def path(points: Iterable[tuple[float, float]], **attributes: Attribute) -> Markup:
    """An open line through points."""
    steps = " ".join(f"{_plain(x)},{_plain(y)}" for x, y in points)
    return element("polyline", points=steps, fill="none", **attributes)


def _plain(value: Attribute) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


class Frame(Struct, frozen=True, kw_only=True):
    """Where a figure is drawn, in its own units, which a page shows as pixels."""

    width: float
    height: float
    right: float
    """Room beside the axes."""
    ticks: int
    left: float = 52.0
    name: str = "wide"

    @property
    def narrow(self) -> bool:
        return self.name == "narrow"


WIDE = Frame(width=920.0, height=400.0, right=225.0, ticks=6)
NARROW = Frame(width=340.0, height=290.0, right=14.0, ticks=4, left=46.0, name="narrow")
FRAMES = (WIDE, NARROW)
"""Every figure is drawn once in each."""


def drawing(named: str, *children: Markup, width: float, height: float, frame: str) -> Markup:
    """A figure with its accessible name. `frame`: `wide`, or `narrow` for the one of a phone, which
    follows the wide one and is shown instead of it there."""
    return element(
        "svg",
        title(named),
        *children,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        aria_label=named,
        class_=f"figure {frame}",
    )


def wide(drawn: str) -> str:
    """The first of a figure's drawings, which is that of a wide page."""
    text = str(drawn)  # as what it is, plain text: markup escapes what is put into it
    return text[: text.index("</svg>") + len("</svg>")]


def key(names: Sequence[str], *, left: float, top: float, step: float, limit: int) -> Markup:
    """Names with the marks of their lines, one below the other."""
    parts = []
    for index, name in enumerate(names):
        at = top + index * step
        parts.append(marker(left, at, index))
        coloured = f"series coloured {colour(index)}"
        parts.append(label(name, limit=limit, x=left + 14, y=at + 4.5, class_=coloured))
    return element("g", *parts)


class Scale(Struct, frozen=True, kw_only=True):
    """Maps low…high onto start…end, linearly or by logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (_log(x) if self.log else x for x in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the range."""
        if not self.log:
            return _linear(self.low, self.high, about)
        return _logarithmic(self.low, self.high, about)


def _log(value: float) -> float:
    return log10(max(value, 1e-12))


def _linear(low: float, high: float, about: int) -> list[float]:
    if high <= low:
        return [low]
    rough = (high - low) / max(about, 1)
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def _logarithmic(low: float, high: float, about: int) -> list[float]:
    decades = range(floor(_log(low)), ceil(_log(high)) + 1)
    ticks: list[float] = []
    for factors in ((1,), (1, 3), (1, 2, 5)):
        every = [factor * 10.0**decade for decade in decades for factor in factors]
        ticks = [tick for tick in every if low * 0.999 <= tick <= high * 1.001]
        if len(ticks) >= about - 1:
            return ticks
    return ticks if len(ticks) > 1 else _linear(low, high, about)


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
