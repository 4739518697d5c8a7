"""The shape of a model, as its folder says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.errors import BadInput

_MODEL_TYPES = ("llama", "qwen2")


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """What the runtime needs of a `config.json` of the Llama or Qwen2 type."""

    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head_dim: int
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
        """Read `config.json`; raises BadInput for a model type that the runtime does not run."""
        path = folder / "config.json"
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if raw.get("model_type") not in _MODEL_TYPES:
            known = ", ".join(_MODEL_TYPES)
            raise BadInput(f"{path}: model_type {raw.get('model_type')!r} is none of {known}.")
        heads = int(raw["num_attention_heads"])
        end = raw["eos_token_id"]
        rope = raw.get("rope_parameters") or {}
        return cls(
            hidden=int(raw["hidden_size"]),
            layers=int(raw["num_hidden_layers"]),
            heads=heads,
            key_value_heads=int(raw.get("num_key_value_heads", heads)),
            head_dim=int(raw.get("head_dim") or int(raw["hidden_size"]) // heads),
            vocabulary=int(raw["vocab_size"]),
            positions=int(raw["max_position_embeddings"]),
            norm_epsilon=float(raw["rms_norm_eps"]),
            rope_theta=float(raw.get("rope_theta") or rope.get("rope_theta", 10_000.0)),
            tied_embeddings=bool(raw.get("tie_word_embeddings", False)),
            end_tokens=frozenset(end if isinstance(end, list) else [end]),
        )
