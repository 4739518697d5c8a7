"""How plans are written, checked and run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tts.errors import UsageError
from tts.planner.checks import PlanLimits
from tts.planner.execution.events import PlanEvent
from tts.planner.guides import Guidance
from tts.planner.language import Call, Form, Policy
from tts.planner.prompts import DEFAULT_PROMPTS, Prompts
from tts.run import Strategy

Approve = Callable[[Call, Mapping[str, Any]], Awaitable[bool]]
"""Told a call with an effect and its resolved arguments; whether it may be made."""
Build = Callable[[str], Strategy]
"""`best_of_n(n=4)` to the strategy."""


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """Everything about planning that is not the tools."""

    form: Form = "text"
    guide: Guidance = "none"
    on_failure: Policy = "replan"
    """For calls that name no policy of their own."""
    replans: int = 1
    """Most patches that failures or the joiner may ask for."""
    repairs: int = 1
    """Most turns that a faulty plan is sent back with its faults."""
    race: int = 1
    """First plans that are written at once; the first sound one runs, the others are cancelled.
    Its calls start once it is chosen. More than one needs a temperature above 0."""
    limits: PlanLimits = field(default_factory=PlanLimits)
    prompts: Prompts = DEFAULT_PROMPTS
    max_tokens: int = 1024
    """Of one plan, patch or joiner's decision."""
    temperature: float = 0.0
    timeout: float = 120.0
    """Seconds for one plan; a plan cut off by it keeps what was written."""
    approve: Approve | None = None
    """Asked before every call with an effect; None: the tools given are approval enough."""
    planner: str = ""
    """Name of the generator that writes plans; empty: the default one."""
    joiner: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Expected duration by tool, for the order of calls; a tool's own `seconds` otherwise."""
    build: Build | None = None
    """Makes the strategies that the tool `solve` may name."""
    tell: Callable[[PlanEvent], None] | None = None
    """Told what happens to the plan, as it happens."""

    def __post_init__(self) -> None:
        if self.race < 1 or (self.race > 1 and self.temperature <= 0):
            raise UsageError(
                f"race={self.race} at temperature {self.temperature:g}: a race is between at least "
                "two plans that may differ, so give a temperature above 0."
            )
