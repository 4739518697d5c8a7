"""The safetensors files of a model folder: what they hold, their arrays, their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts.errors import BadInput, described

_SAMPLE = 1 << 16
_SAMPLES = 16
_KINDS = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


def safetensors_header(path: Path) -> dict[str, Any]:
    """Name to dtype, shape and offsets."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return header


def parameter_count(folder: Path) -> int | None:
    """Numbers in the safetensors files, read from their headers; None where there are none."""
    headers = [safetensors_header(path) for path in sorted(folder.glob("*.safetensors"))]
    if not headers:
        return None
    tensors: dict[str, Any] = {}
    for header in headers:
        tensors |= header
    return sum(int(prod(tensor["shape"])) for tensor in tensors.values())


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


@dataclass(frozen=True)
class StoredArray:
    """Where an array lies."""

    path: Path
    kind: str
    """F32, F16 or BF16."""
    shape: tuple[int, ...]
    begin: int
    """Bytes from the start of the file."""

    def read(self) -> NDArray[np.float32]:
        """Its numbers in float32, in memory of their own."""
        kind = _KINDS[self.kind]
        array = np.fromfile(self.path, kind, prod(self.shape), offset=self.begin)
        if self.kind == "BF16":
            # The upper half of a float32.
            array = (array.astype(np.uint32) << 16).view(np.float32)
        return array.astype(np.float32, copy=False).reshape(self.shape)


def stored_arrays(folder: Path) -> Mapping[str, StoredArray]:
    """Every array of the folder's safetensors files, by name; nothing of them is read yet.

    Raises `BadInput` for a folder without such files, a file that is cut off or broken, and for
    numbers that are neither float32 nor float16 nor bfloat16.
    """
    found: dict[str, StoredArray] = {}
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise BadInput(f"{folder}: there are no weights in it (*.safetensors).")
    for path in paths:
        try:
            found |= _arrays_of(path)
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror or described(error)}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{path}: this is no safetensors file ({described(error)}).") from error
    return found


def _arrays_of(path: Path) -> dict[str, StoredArray]:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
    if start > size:
        raise ValueError("its header is cut off")
    found: dict[str, StoredArray] = {}
    for name, told in safetensors_header(path).items():
        begin, end = told["data_offsets"]
        if told["dtype"] not in _KINDS:
            raise BadInput(
                f"{path}: {name} is stored as {told['dtype']}; known are {', '.join(_KINDS)}."
            )
        if start + end > size:
            raise BadInput(f"{path}: the file ends before {name} does; fetch it again.")
        found[name] = StoredArray(path, told["dtype"], tuple(told["shape"]), start + begin)
        if end - begin != prod(told["shape"]) * np.dtype(_KINDS[told["dtype"]]).itemsize:
            raise ValueError(f"{name} has another size than its shape")
    return found
