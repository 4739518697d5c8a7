"""Recorded samples as they are stored."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tts.errors import BadInput


class SampleRow(Struct, frozen=True, kw_only=True):
    """One recorded draw of one model for one problem."""

    problem_id: str
    model: str
    sample_index: int
    problem: str | None = None
    """Recorded at least once per problem."""
    dataset: str = ""
    reference: str | None = None
    completion: str | None = None
    answer: str | None = None
    correct: bool | None = None
    """None: the call failed or was never graded; it is not a wrong answer."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    score: float | None = None
    """A reward model's raw output; not a probability."""
    extra: dict[str, Any] = {}

    @property
    def failed(self) -> bool:
        """Whether the recorded call gave no answer at all."""
        return self.correct is None and self.completion is None


_ROW = msgspec.json.Decoder(SampleRow)


def sample_rows(path: Path, model: str | None = None) -> tuple[SampleRow, ...]:
    """The rows of a JSONL file, gzipped or not, of one model or of all.

    Raises `BadInput` with file and line for what is no sample, and for a file or a model without
    any.
    """
    rows = tuple(row for row in _read(path) if model in (None, row.model))
    if not rows:
        wanted = f" of model {model!r}" if model else ""
        raise BadInput(f"{path} holds no samples{wanted}.")
    return rows


def _read(path: Path) -> Iterator[SampleRow]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _ROW.decode(line)
            except msgspec.DecodeError as error:
                raise BadInput(f"{path}:{number}: not a recorded sample: {error}") from None
