"""Calls over time: a bar for each, and arrows from what it waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from tts.pages.drawing import FRAMES, Frame, Scale, drawing, element, label, path, title

Kind = Literal["bar", "bar path", "bar failed"]
MOST_BARS = 60
"""Bars of one figure; a table lists the others."""
_ROW, _BAR, _TOP = 26.0, 15.0, 6.0
_NAMES = 330.0
"""Room for names beside the bars of a wide figure."""
_HEAD = 4.5


class Bar(Struct, frozen=True, kw_only=True):
    """One call."""

    id: str
    name: str
    told: str
    """Its tooltip."""
    start: float
    """Seconds since the first."""
    seconds: float
    waited: float = 0.0
    """Seconds before its start in which nothing but room was missing."""
    inputs: tuple[str, ...] = ()
    """Ids of the calls that it waited for."""
    kind: Kind = "bar"


def timeline(bars: Sequence[Bar], *, named: str, unit: str = "seconds") -> Markup:
    """The first `MOST_BARS` of them; empty without any."""
    shown = bars[:MOST_BARS]
    return Markup("").join(_drawn(shown, named, unit, frame) for frame in FRAMES if shown)


def _drawn(bars: Sequence[Bar], named: str, unit: str, frame: Frame) -> Markup:
    last = max(bar.start + bar.seconds for bar in bars)
    row = 1.75 * _ROW if frame.narrow else _ROW
    start = 8.0 if frame.narrow else _NAMES
    x = Scale(low=0.0, high=last or 1.0, start=start, end=frame.width - 46.0)
    tops = {bar.id: _TOP + place * row + (row - _ROW) for place, bar in enumerate(bars)}
    bottom = _TOP + row * len(bars) + 4
    return drawing(
        named,
        *_grid(x, bottom, unit, frame),
        *(arrow for bar in bars for arrow in _arrows(bar, bars, x, tops)),
        *(_bar(bar, x, tops[bar.id], frame) for bar in bars),
        width=frame.width,
        height=bottom + 40,
        frame=frame.name,
    )


def _grid(x: Scale, bottom: float, unit: str, frame: Frame) -> list[Markup]:
    parts = []
    for tick in x.ticks(frame.ticks - 1):
        at = x(tick)
        parts.append(element("line", x1=at, x2=at, y1=0.0, y2=bottom, class_="grid"))
        word = f"{tick:g}"
        parts.append(label(word, x=at, y=bottom + 15, text_anchor="middle", class_="tick"))
    middle = (x.start + x.end) / 2
    return [*parts, label(unit, x=middle, y=bottom + 33, text_anchor="middle", class_="name")]


def _bar(bar: Bar, x: Scale, top: float, frame: Frame) -> Markup:
    begin, end = x(bar.start), x(bar.start + bar.seconds)
    if frame.narrow:
        name = label(bar.name, limit=48, x=x.start, y=top - 3, class_="series")
    else:
        name = label(
            bar.name, limit=48, x=_NAMES - 12, y=top + 12, text_anchor="end", class_="series"
        )
    waited = x(max(0.0, bar.start - bar.waited))
    wait = element("rect", x=waited, y=top + 5, width=begin - waited, height=5, class_="wait")
    box = {"x": begin, "y": top, "width": max(1.5, end - begin), "height": _BAR, "rx": 2}
    took = label(f"{bar.seconds:.3g}", x=max(end, begin + 1.5) + 5, y=top + 12, class_="tick")
    return element("g", title(bar.told), name, wait, element("rect", class_=bar.kind, **box), took)


def _arrows(bar: Bar, bars: Sequence[Bar], x: Scale, tops: Mapping[str, float]) -> list[Markup]:
    """From the end of each input, down or up, to the start of the bar."""
    by_id, parts = {one.id: one for one in bars}, list[Markup]()
    at, to = tops[bar.id] + _BAR / 2, x(bar.start)
    for before in (by_id[one] for one in bar.inputs if one in by_id):
        begin = min(x(before.start + before.seconds), to)
        on_path = " path" if bar.kind == before.kind == "bar path" else ""
        middle = tops[before.id] + _BAR / 2
        parts.append(path([(begin, middle), (begin, at), (to, at)], class_=f"arrow{on_path}"))
        head = f"{to:.1f},{at:.1f} {to - 6:.1f},{at - _HEAD:.1f} {to - 6:.1f},{at + _HEAD:.1f}"
        parts.append(element("polygon", points=head, class_=f"head{on_path}"))
    return parts
