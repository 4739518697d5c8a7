"""Who may use the gateway, and for how much: the keys file."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import asdict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts.engine import parse_budget, parse_strategy
from tts.errors import BadInput
from tts.values import Budget

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MOST_CALLS = 64
"""Calls that one request may become, where nobody says."""
MOST_IN_FLIGHT = 1024


@dataclass(frozen=True, kw_only=True)
class Key:
    """One client: what it may spend in all, for a request, and at once."""

    name: str
    """Of its job in the ledger, `gateway.NAME`; never the secret."""
    digest: bytes = b""
    """SHA-256 of the secret; empty: no secret is asked for."""
    budget: Budget = field(default_factory=Budget)
    """What all requests together may really cost, over restarts: a wallet in the ledger."""
    request: Budget = field(default_factory=Budget)
    """The hard ceiling of each request."""
    calls: int = MOST_CALLS
    """Calls that one request may become, verifiers and judges included."""
    in_flight: int = MOST_IN_FLIGHT
    """Requests at once."""
    strategy: str = ""
    """Where a request names none; empty: one draw."""
    strategies: tuple[str, ...] = ()
    """Names that it may use; empty: all."""

    @property
    def job(self) -> str:
        return f"gateway.{self.name}"

    @cached_property
    def ceiling(self) -> Budget:
        """Of each request, its calls included."""
        return smaller(self.request, Budget(calls=self.calls))


def smaller(left: Budget, right: Budget) -> Budget:
    """The ceilings that hold where both do."""
    both = {}
    for name, value in asdict(left).items():
        known = [each for each in (value, getattr(right, name)) if each is not None]
        both[name] = min(known, default=None)
    return Budget(**both)


ANYBODY = Key(name="anybody")
"""Stands where there is no keys file."""


class Keys:
    """Finds the key of a secret in constant time per key."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)

    def find(self, secret: str) -> Key | None:
        """The key of a secret; None: there is none."""
        told = sha256(secret.encode("utf-8", "replace")).digest()
        found = None
        for key in self.keys:
            if not key.digest or hmac.compare_digest(key.digest, told):
                found = found or key
        return found


class _KeyFields(BaseModel):
    """A key as the file has it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    key_env: str = ""
    key_sha256: str = ""
    budget: str = ""
    request: str = ""
    calls: int = Field(MOST_CALLS, ge=2)
    in_flight: int = Field(MOST_IN_FLIGHT, ge=1)
    strategy: str = ""
    strategies: tuple[str, ...] = ()


def read_keys(path: Path) -> Keys:
    """The keys of a YAML file; raises `BadInput` with one line where it is none.

    A file names secrets by an environment variable (`key_env`) or by their SHA-256 in hexadecimal
    (`key_sha256`), and never holds one.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"Keys file {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise BadInput(f"Keys file {path} is not YAML: {' '.join(str(error).split())}.") from error
    listed = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(listed, list) or not listed:
        raise BadInput(f"Keys file {path}: a list `keys:` with at least one entry is needed.")
    keys = [_key(f"Keys file {path}, entry {place + 1}", one) for place, one in enumerate(listed)]
    _distinct(path, "name", [key.name for key in keys])
    _distinct(path, "secret", [key.digest.hex() for key in keys])
    return Keys(keys)


def _key(where: str, told: Any) -> Key:
    try:
        fields = _KeyFields.model_validate(told)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"])) or "it"
        raise BadInput(f"{where}: {place}: {fault['msg']}.") from error
    if not NAME.fullmatch(fields.name):
        raise BadInput(f"{where}: name {fields.name!r}: letters, digits, dots and dashes only.")
    for strategy in filter(None, (fields.strategy, *fields.strategies)):
        parse_strategy(strategy)
    return Key(
        name=fields.name,
        digest=_digest(where, fields),
        budget=parse_budget(fields.budget) if fields.budget else Budget(),
        request=parse_budget(fields.request) if fields.request else Budget(),
        calls=fields.calls,
        in_flight=fields.in_flight,
        strategy=fields.strategy,
        strategies=fields.strategies,
    )


def _digest(where: str, fields: _KeyFields) -> bytes:
    if bool(fields.key_env) == bool(fields.key_sha256):
        raise BadInput(f"{where}: give one of key_env and key_sha256.")
    if fields.key_env:
        secret = os.environ.get(fields.key_env, "").strip()
        if not secret:
            raise BadInput(f"{where}: the environment variable {fields.key_env!r} is not set.")
        return sha256(secret.encode()).digest()
    if not re.fullmatch("[0-9a-fA-F]{64}", fields.key_sha256):
        raise BadInput(f"{where}: key_sha256 has 64 hexadecimal digits.")
    return bytes.fromhex(fields.key_sha256)


def _distinct(path: Path, what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise BadInput(f"Keys file {path}: two entries have the same {what}.")
        seen.add(value)
