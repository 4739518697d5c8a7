"""SVG elements; every text and attribute is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from tts.values.visible import visible

Attribute = str | float


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
