from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.report import Curve, Point, frontier
from tts.eval.report.figures import cost_figure, cost_scale
from tts.eval.statistics import Estimate
from tts.pages.drawing import Scale, spread
from tts.values.visible import visible


def curve(name: str, *points: tuple[float, float]) -> Curve:
    return Curve(name, tuple(Point(x, Estimate(y, y, y), name) for x, y in points))


def test_the_frontier_holds_what_no_cheaper_point_beats() -> None:
    curves = [curve("a", (1, 0.5), (4, 0.6)), curve("b", (2, 0.7), (3, 0.7), (8, 0.9))]
    assert [point.cost for point in frontier(curves)] == [1, 2, 8]


@given(st.floats(1e-6, 1e9), st.floats(1, 1e6), st.booleans())
def test_ticks_lie_within_the_axis(low: float, factor: float, log: bool) -> None:
    scale = Scale(low=low, high=low * factor * 1.01, start=0, end=100, log=log)
    assert all(-1 <= scale(tick) <= 101 for tick in scale.ticks())


def test_a_wide_range_of_costs_gets_a_logarithmic_axis() -> None:
    assert cost_scale([100, 10_000], None).log
    assert not cost_scale([100, 300], None).log
    assert not cost_scale([100, 10_000], False).log


@pytest.mark.parametrize("costs", [[0.0], [0.0, 5.0], [7.0], [7.0, 7.0]])
@pytest.mark.parametrize("log", [None, True, False])
def test_degenerate_costs_are_still_drawn(costs: list[float], log: bool | None) -> None:
    one = curve("a", *((cost, 1.0) for cost in costs))
    assert "nan" not in str(cost_figure([one], cost="tokens", log=log)).lower()


def test_no_points_make_no_figure() -> None:
    assert not cost_figure([], cost="tokens")


def test_expectations_are_dashed() -> None:
    drawn = cost_figure([curve("a", (1, 0.5))], cost="tokens", reference=[curve("e", (2, 0.5))])
    assert "dashed" in drawn
    assert "dashed" not in cost_figure([curve("a", (1, 0.5))], cost="tokens")


@given(st.lists(st.floats(0, 300), max_size=15))
def test_labels_keep_their_distance_and_order(places: list[float]) -> None:
    moved = spread(places, 17.0, 0.0, 300.0)
    pairs = sorted(zip(places, moved, strict=True), key=lambda pair: (pair[0], pair[1]))
    heights = [height for _, height in pairs]
    assert all(b - a >= 16.99 for a, b in pairwise(heights))
    assert all(-1e-9 <= height <= 300 + 1e-9 for height in heights)


@given(st.text(), st.integers(2, 40))
def test_visible_text_keeps_to_its_limit(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert len(shown) <= limit
    assert bool(shown.encode()) == bool(text)
