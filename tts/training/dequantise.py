"""Weights of a GGUF file, dequantised to a Hugging Face folder.

    python -m tts.training.dequantise MODEL.gguf FOLDER

The folder is what `embedded:FOLDER`, transformers and `vllm:FOLDER` open. Nothing is lost in
float32; float16 is half as large and rounds what the quantisation left.
"""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from tts.errors import BadInput, UsageError, described
from tts.training.gguf_file import ARCHITECTURES, GGUFFile, Tensor
from tts.training.gguf_tokenizer import ends_of, settings_of, tokenizer_of

Precision = Literal["float32", "float16"]
_SHORT: dict[Precision, str] = {"float32": "F32", "float16": "F16"}


def dequantised(source: Path, folder: Path, *, precision: Precision = "float32") -> int:
    """Write the folder; returns how many tensors it holds.

    Raises `UsageError` without the package `gguf`, `BadInput` for a file that is broken or of
    another architecture, or a folder that cannot be written or holds another model.
    """
    file = GGUFFile(source)
    tensors = list(file.tensors())
    names = {tensor.name for tensor in tensors}
    config = config_of(file, precision, tied="lm_head.weight" not in names)
    tokenizer, settings = tokenizer_of(file), settings_of(file)
    if (folder / "config.json").exists():
        raise BadInput(f"{folder}: there is a model already.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_weights(folder / "model.safetensors", file, tensors, precision)
        tokenizer.save(str(folder / "tokenizer.json"))
        _write(folder / "tokenizer_config.json", settings)
        _write(folder / "generation_config.json", {"eos_token_id": ends_of(file)})
        # Last, so that a folder with a configuration is whole.
        _write(folder / "config.json", config)
    except OSError as error:
        raise BadInput(f"{folder}: {error.strerror or described(error)}") from error
    return len(tensors)


def config_of(file: GGUFFile, precision: Precision, *, tied: bool) -> dict[str, Any]:
    """`config.json`; raises `BadInput` for positions that are scaled."""
    scaling = file.get(f"{file.architecture}.rope.scaling.type") or "none"
    if scaling != "none":
        raise file.wrong(f"its positions are scaled ({scaling})")
    heads, hidden = int(file.shape("attention.head_count")), int(file.shape("embedding_length"))
    own = file.get(f"{file.architecture}.attention.key_length")
    epsilon = float(file.shape("attention.layer_norm_rms_epsilon"))
    return {
        "architectures": [ARCHITECTURES[file.architecture]],
        "model_type": file.architecture,
        "hidden_size": hidden,
        "intermediate_size": int(file.shape("feed_forward_length")),
        "num_hidden_layers": int(file.shape("block_count")),
        "num_attention_heads": heads,
        "num_key_value_heads": file.key_value_heads,
        "head_dim": int(own or hidden // heads),
        "hidden_act": "silu",
        # Metadata is in float32: 1e-05 came as 9.999999747378752e-06.
        "rms_norm_eps": float(np.format_float_positional(np.float32(epsilon))),
        "rope_theta": float(file.get(f"{file.architecture}.rope.freq_base") or 10_000.0),
        "max_position_embeddings": int(file.shape("context_length")),
        "vocab_size": len(file.value("tokenizer.ggml.tokens")),
        "tie_word_embeddings": tied,
        "bos_token_id": file.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": file.get("tokenizer.ggml.eos_token_id"),
        "pad_token_id": file.get("tokenizer.ggml.padding_token_id"),
        "use_cache": True,
        "torch_dtype": precision,
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _write_weights(
    path: Path, file: GGUFFile, tensors: Iterable[Tensor], precision: Precision
) -> None:
    """A safetensors file, with one tensor in memory at a time."""
    kind = np.dtype(precision)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for tensor in tensors:
        begin, end = end, end + prod(tensor.shape) * kind.itemsize
        shape = {"dtype": _SHORT[precision], "shape": tensor.shape}
        header[tensor.name] = {**shape, "data_offsets": [begin, end]}
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    part = path.with_suffix(".part")
    with part.open("wb") as target:
        target.write(len(encoded).to_bytes(8, "little") + encoded)
        for tensor in tensors:
            target.write(file.array(tensor).astype(kind).tobytes())
    part.replace(path)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path, metavar="MODEL.gguf")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--dtype", choices=get_args(Precision), default="float32")
    options = parser.parse_args()
    try:
        count = dequantised(options.source, options.folder, precision=options.dtype)
    except UsageError as error:
        parser.exit(2, f"{error}\n")
    logging.getLogger(__name__).info("%s: %d tensors in %s.", options.folder, count, options.dtype)


if __name__ == "__main__":
    main()
