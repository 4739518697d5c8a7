"""Settings of the engine's arguments: which are tried, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any, Literal

from msgspec import Struct

from tts.backends.vllm.engine import PROFILES

Value = int | str
Point = Mapping[str, Value]
"""One value per argument."""
Space = Mapping[str, tuple[Value, ...]]
"""The values of each argument that are tried, in their order."""

WorkloadName = Literal["best_of_n", "beam", "rag", "prm"]
UNITS: dict[WorkloadName, str] = {
    "best_of_n": "drawn tokens/s",
    "beam": "drawn tokens/s",
    "rag": "read and drawn tokens/s",
    "prm": "tokens of scored texts/s",
}
"""What the throughput of each workload counts."""

_EVERYWHERE: Space = {
    "max_num_seqs": (8, 16, 32, 64, 128, 256, 512),
    "max_num_batched_tokens": (512, 1024, 2048, 4096, 8192, 16384),
}
# Attention on a CPU takes blocks of multiples of 32 alone.
_CPU: Space = {**_EVERYWHERE, "block_size": (32, 64, 128)}
_CUDA: Space = {
    **_EVERYWHERE,
    "block_size": (16, 32, 64),
    "attention_backend": ("auto", "FLASH_ATTN", "FLASHINFER", "TRITON_ATTN"),
    "kv_cache_dtype": ("auto", "fp8"),
    "speculative_tokens": (0, 2, 4, 6),
}
_DEFAULTS: Point = {
    "attention_backend": "auto",
    "kv_cache_dtype": "auto",
    "speculative_tokens": 0,
}
_LONGEST_MATCH = 4
"""Tokens at the end of a text that n-gram speculation looks for further up."""


class Measured(Struct, frozen=True, kw_only=True, tag="measured"):
    """Throughput of a setting; the warm-up is not among the rates."""

    rates: tuple[float, ...]
    """Tokens per second, one per repeat, at least one."""

    @property
    def rate(self) -> float:
        """The median."""
        return median(self.rates)


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """A setting that the engine refused, or that ended its process."""

    reason: str


Outcome = Measured | Failed


class Tried(Struct, frozen=True, kw_only=True):
    """A finished trial."""

    number: int
    """In the order in which trials began, from 0."""
    point: dict[str, Value]
    outcome: Outcome


def best_of(tried: tuple[Tried, ...]) -> tuple[Tried, Measured] | None:
    """The trial with the highest median, the earliest among equals; None where all failed."""
    measured = [(one, one.outcome) for one in tried if isinstance(one.outcome, Measured)]
    return max(measured, key=lambda pair: pair[1].rate, default=None)


def space_for(*, cpu: bool, reads: bool) -> Space:
    """`reads`: a reward model, which draws nothing, so that there is nothing to speculate on."""
    space = dict(_CPU if cpu else _CUDA)
    if reads:
        space.pop("speculative_tokens", None)
    return space


def start_points(space: Space) -> tuple[dict[str, Value], ...]:
    """The shipped profiles, so that a search never ends below what is there without it."""
    block: Value = 32 if 128 in space["block_size"] else 16
    points = ({**_DEFAULTS, "block_size": block, **profile} for profile in PROFILES.values())
    return tuple({name: point[name] for name in space} for point in points)


def engine_values(point: Point) -> dict[str, Any]:
    """A setting as arguments of `AsyncEngineArgs`; what is left to vLLM is left out."""
    values: dict[str, Any] = {name: value for name, value in point.items() if value != "auto"}
    guessed = values.pop("speculative_tokens", 0)
    if guessed:
        values["speculative_config"] = {
            "method": "ngram",
            "num_speculative_tokens": guessed,
            "prompt_lookup_max": _LONGEST_MATCH,
        }
    return values
