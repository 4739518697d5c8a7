"""Wires names to objects and runs strategies: the SDK."""

from tts.engine.engine import Engine
from tts.engine.job import Job
from tts.engine.planned import CompiledPlan, PlanResult
from tts.engine.registry import BACKENDS, STRATEGIES, VERIFIERS, build_strategy
from tts.engine.session import Session, open_session
from tts.engine.spelling import (
    parse_budget,
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
    "parse_strategy",
    "spell_budget",
    "spell_recorded",
    "spell_strategy",
]
