"""What endpoints were found to support, kept between one start and the next."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.probe import Probed

KEPT_FOR = 7 * 86400.0
"""Seconds after which an endpoint is asked again."""
_MOST = 512
"""Endpoints that are remembered; the oldest are forgotten."""


class Remembered(Struct, frozen=True, kw_only=True):
    """What one model of one server supports."""

    probed: Probed
    listed: str
    """Digest of the models that the server listed then: another list is another server."""
    at: float
    """Seconds since the epoch."""


class EndpointMemory:
    """A file of the user's cache, by base URL and model; one that cannot be read is empty.

    `$XDG_CACHE_HOME/tts/endpoints.json`, else below `~/.cache`. It holds no key and no text.
    """

    def __init__(self, path: Path | None = None) -> None:
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        self.path = path or Path(cache).expanduser() / "tts" / "endpoints.json"

    def recall(
        self, base_url: str, model: str, listed: Sequence[Mapping[str, Any]] | None = None
    ) -> Probed | None:
        """What was found of an endpoint; None where nothing was, it is old, or it changed.

        Args:
            base_url: of the server.
            model: of that server.
            listed: the models that it lists now; None: not known, and not compared.
        """
        found = self._read().get(_key(base_url, model))
        if found is None or not 0 <= time.time() - found.at < KEPT_FOR:
            return None
        same = listed is None or found.listed == digest(listed)
        return found.probed if same else None

    def keep(
        self, base_url: str, model: str, probed: Probed, listed: Sequence[Mapping[str, Any]]
    ) -> None:
        """Remember; where the file cannot be written the endpoint is asked again next time."""
        entry = Remembered(probed=probed, listed=digest(listed), at=time.time())
        self._write({**self._read(), _key(base_url, model): entry})

    def forget(self, base_url: str, model: str) -> None:
        """Ask again at the next start."""
        entries = self._read()
        if entries.pop(_key(base_url, model), None) is not None:
            self._write(entries)

    def _read(self) -> dict[str, Remembered]:
        with suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Remembered])
        return {}

    def _write(self, entries: Mapping[str, Remembered]) -> None:
        newest = sorted(entries.items(), key=lambda entry: -entry[1].at)[:_MOST]
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.format(msgspec.json.encode(dict(newest))))
            fresh.replace(self.path)


def digest(listed: Sequence[Mapping[str, Any]]) -> str:
    """Of what a list of models says of them, but for when."""
    named = ("id", "owned_by", "max_model_len", "context_length", "root")
    told = sorted(str([item.get(name) for name in named]) for item in listed)
    return blake2b(msgspec.json.encode(told), digest_size=16).hexdigest()


def _key(base_url: str, model: str) -> str:
    return f"{base_url} {model}"
