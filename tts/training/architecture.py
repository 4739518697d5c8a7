"""The shapes of the shipped models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ModelName = Literal["small", "large", "prm", "planner"]


@dataclass(frozen=True, slots=True)
class Architecture:
    """A decoder-only transformer: RMSNorm, rotary positions, SwiGLU, tied embeddings."""

    hidden: int
    layers: int
    heads: int
    head_dim: int
    feed_forward: int
    query_key_value_bias: bool
    vocabulary: int = 128
    positions: int = 1024
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-6


ARCHITECTURES: dict[ModelName, Architecture] = {
    "small": Architecture(
        hidden=128, layers=4, heads=4, head_dim=32, feed_forward=384, query_key_value_bias=False
    ),
    "large": Architecture(
        hidden=320, layers=5, heads=10, head_dim=32, feed_forward=896, query_key_value_bias=False
    ),
    "prm": Architecture(
        hidden=160, layers=6, heads=5, head_dim=32, feed_forward=384, query_key_value_bias=True
    ),
    "planner": Architecture(
        hidden=128, layers=4, heads=4, head_dim=32, feed_forward=384, query_key_value_bias=False
    ),
}
