"""Rows of sets that the Hugging Face Hub hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from msgspec import Struct

from tts.errors import BadInput


class HubSource(Struct, frozen=True, kw_only=True):
    """Which part of a hosted set is the test set."""

    repository: str
    config: str | None = None
    split: str = "test"


Fetch = Callable[[HubSource, str | None], Iterable[Mapping[str, Any]]]
"""Called with (source, revision); gives the rows."""


def fetch_rows(source: HubSource, revision: str | None) -> Iterable[Mapping[str, Any]]:
    """Rows by the `datasets` library, from its cache or the network."""
    try:
        library = import_module("datasets")
    except ImportError as error:
        raise BadInput(
            f"{source.repository}: hosted sets need the extra: pip install 'tts-engine[datasets]'."
        ) from error
    rows: Iterable[Mapping[str, Any]] = library.load_dataset(
        source.repository, source.config, split=source.split, revision=revision
    )
    return rows
