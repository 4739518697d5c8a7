"""A run as figures: its draws by round and score, and its calls over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from tts.eval.trace.trace import CallLine, Trace, TraceNode
from tts.pages.drawing import (
    FRAMES,
    Frame,
    Scale,
    axes,
    axis_names,
    drawing,
    element,
    path,
    title,
)
from tts.pages.timeline import Bar, timeline

MOST_DOTS = 600
"""Draws of the figure of a search."""
HEIGHT = 240.0
_COLOURS = {"chosen": 2, "finished": 0, "cut": 7, "continued": 4}
Placed = tuple[float, TraceNode, "Placed | None"]
"""Round, draw and what it continues."""


def tree_figure(trace: Trace) -> Markup:
    """Draws from left to right by round, by their score from below; lines lead from each to what
    continues it. Empty where none is scored, or nothing was continued."""
    nodes = list(_placed(trace.roots, 0, None))
    scored = [one for one in nodes if one[1].value is not None]
    rounds = max((one[0] for one in nodes), default=0.0)
    if not scored or rounds < 1 or len(nodes) > MOST_DOTS:
        return Markup("")
    return Markup("").join(_tree(scored, rounds, frame) for frame in FRAMES)


def _placed(nodes: Sequence[TraceNode], depth: int, parent: Placed | None) -> Iterator[Placed]:
    for place, node in enumerate(nodes):
        aside = (place / max(1, len(nodes)) - 0.5) * 0.3  # so that equal scores stand apart
        here: Placed = (depth + aside, node, parent)
        yield here
        yield from _placed(node.children, depth + 1, here)


def _tree(nodes: Sequence[Placed], rounds: float, frame: Frame) -> Markup:
    x = Scale(low=-0.3, high=rounds + 0.3, start=frame.left, end=frame.width - 14)
    y = Scale(low=0.0, high=1.0, start=HEIGHT - 44, end=30.0)
    every = max(1, round((rounds + 1) / (2 * frame.ticks)))
    return drawing(
        "Draws by round and score",
        axes(
            x,
            y,
            x_ticks=[float(one) for one in range(0, round(rounds) + 1, every)],
            y_ticks=[0, 0.25, 0.5, 0.75, 1],
            x_word=lambda one: f"{one + 1:.0f}",
            y_word=lambda one: f"{one:.2f}",
        ),
        axis_names(x, y, "round", "score"),
        *(_edge(one, x, y) for one in nodes),
        *(_dot(one, x, y) for one in nodes),
        width=frame.width,
        height=HEIGHT,
        frame=frame.name,
    )


def _edge(one: Placed, x: Scale, y: Scale) -> Markup:
    at, node, parent = one
    if parent is None or parent[1].value is None or node.value is None:
        return Markup("")
    ends = [(x(parent[0]), y(parent[1].value)), (x(at), y(node.value))]
    return path(ends, class_=f"arrow{' path' if node.on_path else ''}")


def _dot(one: Placed, x: Scale, y: Scale) -> Markup:
    at, node, _ = one
    value = node.value or 0.0
    colour, size = _COLOURS.get(node.fate, 6), 5.5 if node.fate == "chosen" else 3.5
    told = f"{node.fate}, {value:.2f}: {node.why} {' '.join(node.text.split())}"
    mark = element("circle", cx=x(at), cy=y(value), r=size, class_=f"dot c{colour}")
    return element("g", title(told), mark)


def call_figure(calls: Sequence[CallLine]) -> Markup:
    """When each call was sent and what it waited for; empty where nothing was sent."""
    sent = [one for one in calls if one.start is not None and one.seconds is not None]
    bars = [_bar(one) for one in sorted(sent, key=lambda one: one.start or 0.0)]
    return timeline(bars, named="Calls over time")


def _bar(call: CallLine) -> Bar:
    return Bar(
        id=call.node,
        name=f"{call.node} {call.name}",
        told=f"{call.role}, {call.usage.tokens:,} tokens, {call.origin}",
        start=call.start or 0.0,
        seconds=call.seconds or 0.0,
        inputs=call.inputs,
    )
