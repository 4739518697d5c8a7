"""What a GGUF file of the Llama family says, under Hugging Face's names.

Source of the format: the GGUF specification of ggml; the package `gguf` (extra `real`) reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts.errors import BadInput, UsageError, described

ARCHITECTURES: Mapping[str, str] = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}
"""By GGUF's name, which is also the model type."""
_TOP = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_NAME = re.compile(r"(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)")


@dataclass(frozen=True)
class Tensor:
    """One tensor, not yet dequantised."""

    name: str
    """Hugging Face's."""
    shape: tuple[int, ...]
    """As numpy and torch write it: rows first."""
    source: Any
    """The reader's."""


class GGUFFile:
    """A model file: its metadata, and its tensors one at a time.

    Raises `UsageError` without the package `gguf`, `BadInput` for a file that is no whole GGUF file
    or of another architecture.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gguf = _package()
        try:
            self._reader = self._gguf.GGUFReader(path)
            self._fields = self._reader.fields
            self.architecture = str(self.value("general.architecture"))
        except BadInput:
            raise
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror or described(error)}") from None
        except Exception as error:  # whatever numpy meets behind the end of a file
            raise BadInput(f"{path}: this is no whole GGUF file ({described(error)}).") from error
        if self.architecture not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            raise self.wrong(f"its architecture {self.architecture!r} is none of {known}")

    def value(self, key: str) -> Any:
        """A field; raises `BadInput` where there is none."""
        found = self.get(key)
        if found is None:
            raise self.wrong(f"it has no {key}")
        return found

    def get(self, key: str) -> Any:
        """A field, None where there is none."""
        field = self._fields.get(key)
        return None if field is None else field.contents()

    def shape(self, key: str) -> Any:
        """A field of the architecture."""
        return self.value(f"{self.architecture}.{key}")

    def wrong(self, why: str) -> BadInput:
        """What is said of this file."""
        return BadInput(f"{self._path}: {why}.")

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor; raises `BadInput` for one that the architecture has not."""
        for tensor in self._reader.tensors:
            shape = tuple(int(size) for size in reversed(tensor.shape))
            yield Tensor(self._name(str(tensor.name)), shape, tensor)

    def array(self, tensor: Tensor) -> NDArray[np.float32]:
        """A tensor in float32, its rows as Hugging Face orders them."""
        source = tensor.source
        try:
            loose = self._gguf.quants.dequantize(source.data, source.tensor_type)
        except NotImplementedError:
            raise self.wrong(f"the package gguf cannot read {source.tensor_type.name}") from None
        array = np.asarray(loose, dtype=np.float32).reshape(tensor.shape)
        if self.architecture != "llama":
            return array
        if ".q_proj." in tensor.name:
            return halves(array, int(self.shape("attention.head_count")))
        if ".k_proj." in tensor.name:
            return halves(array, self.key_value_heads)
        return array

    @property
    def key_value_heads(self) -> int:
        """Fewer than the heads where queries are grouped."""
        own = self.get(f"{self.architecture}.attention.head_count_kv")
        return int(own or self.shape("attention.head_count"))

    def _name(self, name: str) -> str:
        match = _NAME.fullmatch(name)
        layer, part, kind = match.groups() if match else (None, name, "")
        if layer is None and part in _TOP:
            return f"{_TOP[part]}.{kind}"
        if layer is not None and part in _LAYER:
            return f"model.layers.{layer}.{_LAYER[part]}.{kind}"
        raise self.wrong(f"it has a tensor {name!r}, which a plain {self.architecture} has not")


def halves(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of each head from neighbouring pairs, as llama.cpp turns them by position, to the two
    halves that Hugging Face turns; a bias likewise."""
    pairs = rows.reshape(heads, -1, 2, *rows.shape[1:])
    return pairs.swapaxes(1, 2).reshape(rows.shape)


def _package() -> Any:
    try:
        gguf: Any = import_module("gguf")
        import_module("gguf.quants")
    except ImportError as error:
        raise UsageError(
            "Reading a GGUF file needs gguf: pip install 'tts-engine[real]'."
        ) from error
    return gguf
