"""Fault plans as JSON files: the fields of a `FaultPlan`, bytes written as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tts.backends.fault_server.plan import FaultPlan
from tts.errors import BadInput

_BYTES = frozenset({"body", "old", "new", "fails_on"})
_LISTS = ("script", "mix")


def read_plan(place: Path) -> FaultPlan:
    """The plan of a file; raises `BadInput` with the file and what is wrong in it."""
    try:
        return plan_of(msgspec.json.decode(place.read_bytes()))
    except OSError as error:
        raise BadInput(f"{place}: {error.strerror}.") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadInput(f"{place} is no plan of faults: {error}.") from error


def plan_of(told: Any) -> FaultPlan:
    """A plan from JSON values; raises `msgspec.ValidationError`."""
    plan: FaultPlan = msgspec.convert(_packed(told), FaultPlan, builtin_types=(bytes,))
    if not 0.0 <= plan.rate <= 1.0:
        raise msgspec.ValidationError("Expected a share of 0 to 1 - at `$.rate`")
    if plan.rate and not plan.mix:
        raise msgspec.ValidationError("A rate needs faults to choose from - at `$.mix`")
    if plan.repeat and not plan.script:
        raise msgspec.ValidationError("Nothing is there to repeat - at `$.script`")
    return plan


def _packed(told: Any) -> Any:
    """The same with the texts of those fields that are bytes as bytes."""
    if not isinstance(told, dict):
        return told
    whole = {name: _bytes(name, value) for name, value in told.items()}
    for name in _LISTS:
        if isinstance(whole.get(name), list):
            whole[name] = [_packed(one) for one in whole[name]]
    if isinstance(whole.get("lists"), dict):
        whole["lists"] = _packed(whole["lists"])
    return whole


def _bytes(name: str, value: Any) -> Any:
    return value.encode() if name in _BYTES and isinstance(value, str) else value
