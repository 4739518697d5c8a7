"""How one model is loaded into vLLM: settings, profiles, and vLLM's own arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tts.protocols import Defaults

Runner = Literal["generate", "pooling"]
Profile = Literal["throughput", "latency"]

THROUGHPUT: Mapping[str, Any] = {"max_num_seqs": 256, "max_num_batched_tokens": 8192}
"""Shared-prefix batches: wide steps, so that many draws of one prompt decode together."""

IN_PROCESS = Defaults(sheds_load=False)

LATENCY: Mapping[str, Any] = {"max_num_seqs": 32, "max_num_batched_tokens": 2048}
"""Few requests at a time: short steps, so that a new prompt delays the running draws little."""

PROFILES: Mapping[Profile, Mapping[str, Any]] = {"throughput": THROUGHPUT, "latency": LATENCY}


@dataclass(frozen=True, kw_only=True)
class VLLMSettings:
    """One model and the engine arguments that this project chooses for it.

    `path` is a folder or a hub name; `name` is what prices, reports and keys call it. What stands
    in `extra` wins over everything else and goes to `AsyncEngineArgs` as it is.
    """

    path: str
    name: str
    runner: Runner = "generate"
    profile: Profile = "throughput"
    dtype: str = "auto"
    context_length: int | None = None
    """Tokens of prompt and completion together; None: what the model's folder says."""
    block_size: int | None = None
    """Tokens of a prefix-cache block; None: vLLM's default for the device."""
    kv_cache_bytes: int | None = None
    """Memory for keys and values; None: `memory_share` of the device."""
    memory_share: float | None = None
    """Part of the device's memory, weights included, 0…1; None: vLLM's default (0.9 or so)."""
    eager: bool = False
    """Skip compilation and CUDA graphs: starts faster, runs slower."""
    seeded: bool = True
    """Whether a draw has a seed. vLLM draws seeded requests one by one: a fifth of the throughput
    of a small model. Without seeds a fresh run draws anew; a resumed one finds its draws anyway."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the model's `config.json` that are replaced, to load a reward head for example."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    defaults: Defaults = IN_PROCESS
    """What suits the model where the user says nothing."""


def engine_arguments(settings: VLLMSettings) -> dict[str, Any]:
    """Keyword arguments of `AsyncEngineArgs`; a value of None is left to vLLM.

    Prefix caching is always on: search continues the same texts again and again.
    """
    chosen: dict[str, Any] = {
        "model": settings.path,
        "runner": settings.runner,
        "dtype": settings.dtype,
        "max_model_len": settings.context_length,
        "block_size": settings.block_size,
        "kv_cache_memory_bytes": settings.kv_cache_bytes,
        "gpu_memory_utilization": settings.memory_share,
        "enforce_eager": settings.eager or None,
        "hf_overrides": dict(settings.overrides) or None,
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        "generation_config": "vllm",
        **PROFILES[settings.profile],
        **settings.extra,
    }
    return {name: value for name, value in chosen.items() if value is not None}
