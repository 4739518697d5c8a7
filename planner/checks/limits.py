"""How large a plan may be."""

from __future__ import annotations

from msgspec import Struct


class PlanLimits(Struct, frozen=True, kw_only=True):
    """Ceilings on what one plan may ask for; they bound what a runaway planner can start."""

    calls: int = 256
    depth: int = 64
    """Calls that follow one another."""
    fan_out: int = 256
    """Calls that use one result, and elements of one `each`."""
