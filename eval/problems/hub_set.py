"""Problem sets on the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from msgspec import Struct

from tts.errors import BadInput
from tts.eval.problems.collect import collect
from tts.eval.problems.problem_set import ProblemSet


class HubSource(Struct, frozen=True, kw_only=True):
    """Which part of a hosted set is the test set."""

    repository: str
    config: str | None = None
    split: str = "test"


KNOWN: tuple[HubSource, ...] = (
    HubSource(repository="HuggingFaceH4/MATH-500"),
    HubSource(repository="openai/gsm8k", config="main"),
    HubSource(repository="HuggingFaceH4/aime_2024", split="train"),
    HubSource(repository="math-ai/aime25"),
)
"""MATH-500 (Lightman et al. 2023), GSM8K (Cobbe et al. 2021), AIME 2024 and 2025."""

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


def hub_set(
    repository: str,
    *,
    revision: str | None = None,
    task: str = "math",
    skip_bad: bool = False,
    fetch: Fetch = fetch_rows,
) -> ProblemSet:
    """The test part of a hosted set, at a pinned commit where `revision` is given.

    An unknown repository is read as its default config's `test` split. Raises `BadInput` where
    the extra is missing or the Hub cannot be reached.
    """
    known = {source.repository.lower(): source for source in KNOWN}
    source = known.get(repository.lower(), HubSource(repository=repository))
    try:
        rows = [(line, dict(row)) for line, row in enumerate(fetch(source, revision), start=1)]
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{repository}: cannot be fetched ({type(error).__name__}: {str(error)[:300]}); "
            "without a network, pass a local JSON Lines or CSV file instead."
        ) from error
    stem = repository.rpartition("/")[2].lower()
    return collect(
        rows, source=repository, stem=stem, task=task, skip_bad=skip_bad, revision=revision
    )
