"""Wires names to objects and runs strategies: the SDK.

The names are imported when they are first used: who only reads a ledger needs no engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tts.engine.engine import Engine
    from tts.engine.job import Job
    from tts.engine.planned import CompiledPlan, PlanResult
    from tts.engine.registry import BACKENDS, STRATEGIES, VERIFIERS, build_strategy
    from tts.engine.session import Session, open_session
    from tts.engine.spelling import (
        parse_budget,
        parse_ceilings,
        parse_strategy,
        spell_budget,
        spell_recorded,
        spell_strategy,
    )
    from tts.options import SessionOptions

__all__ = [
    "BACKENDS",
    "STRATEGIES",
    "VERIFIERS",
    "CompiledPlan",
    "Engine",
    "Job",
    "PlanResult",
    "Session",
    "SessionOptions",
    "build_strategy",
    "open_session",
    "parse_budget",
    "parse_ceilings",
    "parse_strategy",
    "spell_budget",
    "spell_recorded",
    "spell_strategy",
]

HOMES = {
    "BACKENDS": "tts.engine.registry",
    "STRATEGIES": "tts.engine.registry",
    "VERIFIERS": "tts.engine.registry",
    "CompiledPlan": "tts.engine.planned",
    "Engine": "tts.engine.engine",
    "Job": "tts.engine.job",
    "PlanResult": "tts.engine.planned",
    "Session": "tts.engine.session",
    "SessionOptions": "tts.options",
    "build_strategy": "tts.engine.registry",
    "open_session": "tts.engine.session",
    "parse_budget": "tts.engine.spelling",
    "parse_ceilings": "tts.engine.spelling",
    "parse_strategy": "tts.engine.spelling",
    "spell_budget": "tts.engine.spelling",
    "spell_recorded": "tts.engine.spelling",
    "spell_strategy": "tts.engine.spelling",
}
"""The module of each name."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
