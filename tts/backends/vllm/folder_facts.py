"""What a model folder says of itself, without loading it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from tts.backends.vllm.memory_plan import ModelNeed

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_SAMPLE = 1 << 16
_SAMPLES = 16


def parameter_count(folder: Path) -> int | None:
    """Numbers in the safetensors files, read from their headers; None where there are none."""
    headers = [safetensors_header(path) for path in sorted(folder.glob("*.safetensors"))]
    if not headers:
        return None
    tensors: dict[str, Any] = {}
    for header in headers:
        tensors |= header
    return sum(int(prod(tensor["shape"])) for tensor in tensors.values())


def safetensors_header(path: Path) -> dict[str, Any]:
    """Name to dtype, shape and offsets."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return header


def weights_digest(folder: Path) -> str:
    """Twelve hexadecimal digits of configuration, tokenizer and weights.

    Large files are sampled at sixteen places, so that a model of many gigabytes is named in an
    instant; a fine-tuned copy differs in nearly every place.
    """
    digest = hashlib.blake2b(digest_size=6)
    names = ("config.json", "tokenizer.json", "tokenizer_config.json")
    files = [folder / name for name in names] + sorted(folder.glob("*.safetensors"))
    for path in files:
        if path.is_file():
            digest.update(path.name.encode())
            _sample(path, digest)
    return digest.hexdigest()


def _sample(path: Path, digest: hashlib.blake2b) -> None:
    size = path.stat().st_size
    digest.update(size.to_bytes(8, "little"))
    with path.open("rb") as file:
        if size <= _SAMPLE * _SAMPLES:
            digest.update(file.read())
            return
        for index in range(_SAMPLES):
            file.seek((size - _SAMPLE) * index // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE))


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
