from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.eval.bench.timed_graphs import TimedGraph, layered


def test_the_longest_path_is_the_longest_chain() -> None:
    graph = TimedGraph("", (1.0, 2.0, 4.0, 0.5), ((), (0,), (), (1, 2)))
    assert graph.longest_path == 4.5


@given(layers=st.integers(1, 6), width=st.integers(1, 6), seed=st.integers(0, 9))
def test_inputs_stand_before_their_node(layers: int, width: int, seed: int) -> None:
    graph = layered(layers, width, seed=seed)
    assert len(graph.seconds) == layers * width
    assert all(i < place for place, before in enumerate(graph.before) for i in before)


def test_one_seed_gives_one_graph() -> None:
    assert layered(3, 4, seed=1) == layered(3, 4, seed=1) != layered(3, 4, seed=2)
