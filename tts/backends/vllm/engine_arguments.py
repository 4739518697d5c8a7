"""Settings as vLLM's own arguments."""

from __future__ import annotations

from typing import Any

from tts.backends.vllm.settings import PROFILES, VLLMSettings


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
