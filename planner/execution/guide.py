"""Guides for servers that keep a draw to a schema or a grammar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tts.planner.checks import PlanLimits
from tts.planner.execution.decision import DECISION_SCHEMA
from tts.planner.grammar import plan_grammar
from tts.planner.schema import plan_schema
from tts.protocols import Guide
from tts.tools import Tool

_MOST = 24
"""Calls that a schema or grammar spells out."""


def plan_guide(
    tools: Mapping[str, Tool],
    guidance: Literal["none", "json", "grammar"],
    *,
    first: int,
    limits: PlanLimits,
) -> Guide | None:
    """What a plan, or a patch whose new calls start at `first`, has to conform to."""
    calls = min(_MOST, limits.calls)
    if guidance == "json":
        schema = plan_schema(tools, calls=calls, first=first)
        return Guide("json", msgspec.json.encode(schema).decode())
    if guidance == "grammar":
        return Guide("grammar", plan_grammar(tools, calls=calls, first=first))
    return None


def decision_guide(guidance: Literal["none", "json", "grammar"]) -> Guide | None:
    """What the joiner's decision has to conform to."""
    if guidance == "none":
        return None
    return Guide("json", msgspec.json.encode(DECISION_SCHEMA).decode())
