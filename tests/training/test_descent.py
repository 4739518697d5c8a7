# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tts.training.architecture import ARCHITECTURES, Architecture

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

SHAPE = Architecture(
    hidden=16, layers=1, heads=1, head_dim=16, feed_forward=16, query_key_value_bias=False
)


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole, stopped, resumed = network(), network(), network(seed=1)
    descend(whole, rate=1e-2, steps=60)
    descend(stopped, batches=islice(path_batches(), 55), checkpoint=tmp_path / "kept.pt")
    descend(resumed, checkpoint=tmp_path / "kept.pt")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=0.0, rtol=0.0)


def network(seed: int = 0) -> Any:
    from tts.training.network import Network

    torch.manual_seed(seed)
    return Network(SHAPE)


def path_batches() -> Iterator[list[Any]]:
    for step in range(100):
        torch.manual_seed(step)
        ids = torch.randint(0, ARCHITECTURES["small"].vocabulary, (2, 8))
        yield [(ids[:, :-1], ids[:, 1:])]


def descend(module: Any, batches: Iterator[list[Any]] | None = None, **how: Any) -> None:
    from tts.training import descent

    descent.descend(module, batches or path_batches(), **{"rate": 1e-2, "steps": 60} | how)
