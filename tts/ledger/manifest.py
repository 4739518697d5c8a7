"""Whether a job that is resumed is still the same job."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from tts.errors import ManifestChanged

Change = tuple[str, str]
"""A path within the manifest, and how its value differs."""


def changes(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            place = f"{path}.{name}" if path else name
            yield from changes(old.get(name), new.get(name), place)
    elif old != new or type(old) is not type(new):
        yield path, f"{shown(old)} is now {shown(new)}"


def shown(value: Any) -> str:
    words = msgspec.json.encode(value).decode()
    return words if len(words) <= 80 else words[:77] + "..."


def manifest_diff(old: str, new: str) -> list[str]:
    """The differences of two manifests (JSON): one line per path."""
    pairs = changes(msgspec.json.decode(old), msgspec.json.decode(new))
    return [f"{path}: {change}" for path, change in pairs]


def check_manifest(old: str, new: str, *, warns: Collection[str] = ()) -> list[str]:
    """The differences at or below the paths in `warns`.

    Raises `ManifestChanged` with the diff where anything else differs.
    """
    pairs = list(changes(msgspec.json.decode(old), msgspec.json.decode(new)))
    mild = [pair for pair in pairs if is_below(pair[0], warns)]
    grave = [f"  {path}: {change}" for path, change in pairs if not is_below(path, warns)]
    if grave:
        raise ManifestChanged(
            "The recorded job was made of something else:\n"
            + "\n".join(grave)
            + "\nUndo the change, or start another job with --job NAME."
        )
    return [f"{path}: {change}" for path, change in mild]


def is_below(path: str, places: Collection[str]) -> bool:
    return any(path == place or path.startswith(f"{place}.") for place in places)
