"""Which arguments are searched."""

from __future__ import annotations

from math import prod
from typing import Any

from tts.backends.vllm.settings import PROFILES
from tts.eval.tune.trial import Point, Space, Value

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


def space_for(*, cpu: bool, reads: bool) -> Space:
    """`reads`: a reward model, which draws nothing, so that there is nothing to speculate on."""
    space = dict(_CPU if cpu else _CUDA)
    if reads:
        space.pop("speculative_tokens", None)
    return space


def size(space: Space) -> int:
    """How many settings there are."""
    return prod(map(len, space.values()))


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
