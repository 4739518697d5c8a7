"""What a model folder holds: the shape and the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts.backends.weight_files import StoredArray, stored_arrays
from tts.errors import BadInput

_MODEL_TYPES = ("llama", "qwen2")
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """What the runtime needs of a `config.json` of the Llama or Qwen2 type."""

    kind: str
    """The type of model, `llama` or `qwen2`."""
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    positions: int
    """Tokens of prompt and completion together."""
    norm_epsilon: float
    rope_theta: float
    tied_embeddings: bool
    end_tokens: frozenset[int]
    """Ids that end a sequence."""

    @classmethod
    def load(cls, folder: Path) -> EmbeddedConfig:
        """Read `config.json`, and `generation_config.json` for the ends.

        Raises BadInput for a folder without one, and for a model that the runtime does not run.
        """
        path = folder / "config.json"
        raw = _object(path)
        _refuse_others(path, raw)
        heads = _whole(path, raw, "num_attention_heads")
        hidden = _whole(path, raw, "hidden_size")
        rope = raw.get("rope_parameters") or {}
        apart = folder / "generation_config.json"
        ends = [raw.get("eos_token_id")]
        if apart.is_file():
            ends.append(_object(apart).get("eos_token_id"))
        return cls(
            kind=str(raw["model_type"]),
            hidden=hidden,
            layers=_whole(path, raw, "num_hidden_layers"),
            heads=heads,
            key_value_heads=int(raw.get("num_key_value_heads") or heads),
            head_dim=int(raw.get("head_dim") or hidden // heads),
            feed_forward=_whole(path, raw, "intermediate_size"),
            vocabulary=_whole(path, raw, "vocab_size"),
            positions=_whole(path, raw, "max_position_embeddings"),
            norm_epsilon=float(raw.get("rms_norm_eps", 1e-6)),
            rope_theta=float(raw.get("rope_theta") or rope.get("rope_theta", 10_000.0)),
            tied_embeddings=bool(raw.get("tie_word_embeddings", False)),
            end_tokens=frozenset(each for end in ends for each in _listed(end)),
        )

    @property
    def token_bytes(self) -> int:
        """Keys and values of one token."""
        return 2 * self.layers * self.key_value_heads * self.head_dim * 4


def _object(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{path}: this is no JSON ({error}).") from error
    if not isinstance(raw, dict):
        raise BadInput(f"{path}: this is no JSON object.")
    return raw


def _whole(path: Path, raw: Mapping[str, Any], key: str) -> int:
    found = raw.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or found <= 0:
        raise BadInput(f"{path}: {key} is {found!r}; a positive whole number is needed.")
    return found


def _listed(end: Any) -> list[int]:
    return end if isinstance(end, list) else [] if end is None else [end]


def _refuse_others(path: Path, raw: Mapping[str, Any]) -> None:
    """Raises BadInput for what the runtime would run wrongly."""
    if raw.get("model_type") not in _MODEL_TYPES:
        known = ", ".join(_MODEL_TYPES)
        raise BadInput(f"{path}: model_type {raw.get('model_type')!r} is none of {known}.")
    rope = raw.get("rope_scaling") or raw.get("rope_parameters") or {}
    scaling = rope.get("rope_type") or rope.get("type") or "default"
    wrong = {
        f"the activation {raw.get('hidden_act')!r}": raw.get("hidden_act", "silu") != "silu",
        f"positions that are scaled ({scaling})": scaling != "default",
        "a part of each head turned by position": rope.get("partial_rotary_factor", 1) != 1,
        "a sliding window": bool(raw.get("use_sliding_window")),
        "weights that are quantised": bool(raw.get("quantization_config")),
    }
    for what, found in wrong.items():
        if found:
            raise BadInput(f"{path}: the numpy runtime cannot run {what}.")


class Weights:
    """Float32 arrays by Hugging Face name, without the leading `model.`; read when asked for."""

    def __init__(self, folder: Path, stored: Mapping[str, StoredArray]) -> None:
        self._folder = folder
        self._stored = {name.removeprefix("model."): one for name, one in stored.items()}
        self._unread = set(self._stored)

    @classmethod
    def load(cls, folder: Path) -> Weights:
        """Find the arrays; raises BadInput where there are none or a file is broken."""
        return cls(folder, stored_arrays(folder))

    def __contains__(self, name: str) -> bool:
        return name in self._stored

    def array(self, name: str, *shape: int) -> Floats:
        """One array; raises BadInput where it is missing or has another shape than is asked for."""
        found = self._stored.get(name)
        if found is None:
            raise BadInput(f"{self._folder}: its weights lack {name}.")
        if shape and found.shape != shape:
            raise BadInput(
                f"{self._folder}: {name} is {_sizes(found.shape)}, config.json says "
                f"{_sizes(shape)}."
            )
        self._unread.discard(name)
        return found.read()

    def layer(self, index: int, name: str, *shape: int) -> Floats:
        """An array of one layer."""
        return self.array(f"layers.{index}.{name}", *shape)

    @property
    def unread(self) -> list[str]:
        """What nobody asked for, and would change what the model says: a bias, an adapter."""
        return sorted(
            name
            for name in self._unread
            if not name.startswith(("score.", "lm_head.")) and not name.endswith("inv_freq")
        )

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(prod(one.shape) for one in self._stored.values())


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"
