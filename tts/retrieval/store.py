"""Indexes on disk, by the hash of what they were made of: an index of other content is another file."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tts.values.places import user_cache

T = TypeVar("T")
Vectors = np.ndarray[Any, np.dtype[np.float32]]
"""One row a text, of length 1 each, or 0 for a text in which nothing is known."""


@dataclass(frozen=True)
class Store:
    """A folder of indexes. What is half written by a process that died is never read as whole."""

    folder: Path

    @classmethod
    def default(cls) -> Store:
        """In the user's cache."""
        return cls(user_cache() / "tts-engine" / "indexes")

    def place(self, key: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / key


def stored(
    store: Store | None,
    key: str,
    build: Callable[[], T],
    save: Callable[[T, Path], None],
    load: Callable[[Path], T],
) -> T:
    """What a store holds under a key, or else what is built, and kept under it.

    A store that cannot be read or written costs time and nothing else.
    """
    if store is None:
        return build()
    try:
        place = store.place(key)
        if place.exists():
            return load(place)
    except (OSError, ValueError, KeyError):
        shutil.rmtree(store.folder / key, ignore_errors=True)
    built = build()
    with suppress(OSError):
        _keep(store, key, built, save)
    return built


def _keep(store: Store, key: str, built: T, save: Callable[[T, Path], None]) -> None:
    """Written aside and renamed, so that it is there as a whole or not at all."""
    aside = Path(tempfile.mkdtemp(prefix=f"{key}-", dir=store.place("")))
    try:
        save(built, aside)
        aside.rename(store.place(key))
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def embedded(
    store: Store,
    key: str,
    texts: list[str],
    *,
    size: int,
    embed: Callable[[list[str]], Vectors],
    block: int,
) -> Vectors:
    """The vectors of texts, of which a process that was killed has left the first ones.

    The file is appended to block by block; what it holds of whole rows counts, so a killed process
    loses one block at most.
    """
    place, row = store.place(f"{key}.f32"), 4 * size
    with _alone(place), place.open("ab") as file:
        done = file.tell() // row
        file.truncate(done * row)
        for start in range(done, len(texts), block):
            file.write(embed(texts[start : start + block]).astype("<f4").tobytes())
            file.flush()
    return np.memmap(place, dtype="<f4", mode="r", shape=(len(texts), size))


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One process at a time makes an index; the others wait, and find it made."""
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
