"""The library and the demonstrations of a generated world stand where a file may stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.errors import BadInput
from tts.facts import documents
from tts.retrieval import read_corpus, read_demonstrations


def test_a_world_is_a_corpus() -> None:
    assert read_corpus(Path("facts:4")).documents == documents(4)


def test_its_demonstrations_have_two_hops_and_one_in_turn() -> None:
    shown = read_demonstrations(Path("facts:4"))
    assert [len(one.hops) for one in shown[:4]] == [2, 0, 2, 0]


@pytest.mark.parametrize("place", ["facts:", "facts:x", "facts:-1"])
def test_a_world_without_a_seed_is_refused(place: str) -> None:
    with pytest.raises(BadInput, match="whole number"):
        read_corpus(Path(place))
