"""Graphs of calls with durations: recorded workflows, plans of everyday tasks, generated ones."""

from __future__ import annotations

import json
from math import exp
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

_LARGEST = 100
"""Calls: larger recorded workflows are left out, so that the benchmark takes a minute."""
MEDIAN, SIGMA = 0.05, 0.5
"""Seconds of a call, and the standard deviation of their logarithm."""
INPUTS = 3
"""Nodes of the layer before that a node waits for."""


class TimedGraph(Struct, frozen=True):
    """Calls in an order in which each stands behind its inputs."""

    name: str
    seconds: tuple[float, ...]
    before: tuple[tuple[int, ...], ...]

    @property
    def longest_path(self) -> float:
        ends: list[float] = []
        for seconds, before in zip(self.seconds, self.before, strict=True):
            ends.append(seconds + max((ends[i] for i in before), default=0.0))
        return max(ends, default=0.0)

    def bound(self, cap: int | None) -> float:
        """No schedule is shorter: the longest path, and all work over the cap."""
        return max(self.longest_path, sum(self.seconds) / cap if cap else 0.0)


def layered(layers: int, width: int, *, seed: int) -> TimedGraph:
    """`layers` of `width` nodes, each with `INPUTS` random inputs; one layer: none depends."""
    rng = Random(seed)
    seconds = tuple(MEDIAN * exp(rng.gauss(0.0, SIGMA)) for _ in range(layers * width))
    before: list[tuple[int, ...]] = [()] * width if layers else []
    for layer in range(1, layers):
        above = range((layer - 1) * width, layer * width)
        before += [tuple(rng.sample(above, min(INPUTS, width))) for _ in range(width)]
    return TimedGraph(f"{layers} layers of {width}, seed {seed}", seconds, tuple(before))


def workflows(folder: Path, largest: int = _LARGEST) -> list[TimedGraph]:
    """WfInstances: real workflows with measured runtimes, up to so many calls."""
    rows = json.loads((folder / "wfinstances.json").read_text(encoding="utf-8"))["dags"]
    graphs = [
        _ordered(row["name"], row["seconds"], [list(parents) for parents in row["parents"]])
        for row in rows
    ]
    return [graph for graph in graphs if len(graph.seconds) <= largest]


def everyday(folder: Path) -> list[TimedGraph]:
    """AsyncHow: steps of everyday tasks with gold durations."""
    rows = json.loads((folder / "asynchow.json").read_text(encoding="utf-8"))
    return [_everyday(row) for row in rows]


def generated() -> list[TimedGraph]:
    """Where there is no data."""
    graphs = (layered(layers, 8, seed=seed) for layers in (2, 6, 12) for seed in range(10))
    return [
        TimedGraph(f"layered {number}", graph.seconds, graph.before)
        for number, graph in enumerate(graphs)
    ]


def _everyday(row: dict[str, Any]) -> TimedGraph:
    names = list(row["seconds"])
    place = {name: number for number, name in enumerate(names)}
    before: list[list[int]] = [[] for _ in names]
    for first, second in row["edges"]:
        if first in place and second in place:
            before[place[second]].append(place[first])
    return _ordered(row["title"], [float(row["seconds"][name]) for name in names], before)


def _ordered(name: str, seconds: list[float], before: list[list[int]]) -> TimedGraph:
    """The calls in an order of their own, inputs first; all of their work is 1000 s, so that
    simulated clocks stay exact."""
    scale = 1000.0 / (sum(seconds) or 1.0)
    place: dict[int, int] = {}
    order: list[int] = []
    while len(order) < len(seconds):
        free = [
            i for i in range(len(seconds)) if i not in place and all(j in place for j in before[i])
        ]
        for i in free:
            place[i] = len(order)
            order.append(i)
    return TimedGraph(
        name,
        tuple(scale * seconds[i] for i in order),
        tuple(tuple(sorted({place[j] for j in before[i]})) for i in order),
    )
