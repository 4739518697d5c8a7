"""The parameters of a model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from tts.errors import BadInput

Floats = NDArray[np.float32]


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
