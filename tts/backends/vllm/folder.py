"""A model folder: what it says of itself without being loaded, and its heads under other names."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from tts.backends.vllm.device import ModelNeed

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_SAMPLE = 1 << 16
_SAMPLES = 16
_INDEX = "model.safetensors.index.json"


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
