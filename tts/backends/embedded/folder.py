"""What a model folder holds: the shape, the weights and the tokenizer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2.sandbox import ImmutableSandboxedEnvironment
from numpy.typing import NDArray
from safetensors.numpy import load
from tokenizers import Tokenizer

from tts.errors import BadInput
from tts.values import Message

_MODEL_TYPES = ("llama", "qwen2")
Floats = NDArray[np.float32]


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


@dataclass(frozen=True, slots=True)
class Weights:
    """Float32 arrays by Hugging Face name, without the leading `model.`."""

    arrays: dict[str, Floats]
    digest: str
    """The first 12 hexadecimal digits of the file's SHA-256."""

    @classmethod
    def load(cls, folder: Path) -> Weights:
        """Read `model.safetensors`; raises BadInput where there is none."""
        path = folder / "model.safetensors"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from None
        arrays = {
            name.removeprefix("model."): array.astype(np.float32)
            for name, array in load(content).items()
        }
        return cls(arrays, hashlib.sha256(content).hexdigest()[:12])

    def layer(self, index: int, name: str) -> Floats:
        """An array of one layer."""
        return self.arrays[f"layers.{index}.{name}"]

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(array.size for array in self.arrays.values())


class EmbeddedTokenizer:
    """The tokenizer of a model folder whose tokens are pieces of text.

    Joining the pieces of the ids gives the text; the shipped tokenizers are built so.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string(settings["chat_template"])
        special = self._tokenizer.get_added_tokens_decoder()
        names = [
            self._tokenizer.id_to_token(index) or ""
            for index in range(self._tokenizer.get_vocab_size())
        ]
        self._names = tuple(names)
        self._pieces = tuple("" if index in special else name for index, name in enumerate(names))

    def encode(self, text: str) -> list[int]:
        """The ids of a text; special tokens written in it are recognised."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_chat(self, messages: Sequence[Message], prefix: str = "") -> list[int]:
        """The ids of a conversation up to the assistant's turn, and of that turn so far."""
        turns = [{"role": message.role, "content": message.content} for message in messages]
        return self.encode(
            self._template.render(messages=turns, add_generation_prompt=True) + prefix
        )

    def piece(self, token: int) -> str:
        """The text that an id adds; nothing for special tokens and unused ids."""
        return self._pieces[token] if token < len(self._pieces) else ""

    def name(self, token: int) -> str:
        """The text of an id, special tokens by their name."""
        return self._names[token] if token < len(self._names) else ""

    def special(self, name: str) -> int:
        """The id of a special token; raises KeyError where there is none."""
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise KeyError(name)
        return int(token)
