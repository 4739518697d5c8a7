"""tts-engine: spends test-time compute well.

The public names are imported when they are first used, so that `import tts` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tts.engine import Engine, SessionOptions, parse_budget, parse_strategy
    from tts.errors import TTSError, UsageError
    from tts.graph import Outcome
    from tts.planner import Plan, PlanSettings
    from tts.run import Run
    from tts.tools import MCPTools, Tool, ToolContext, ToolSet, tool
    from tts.values import Budget, Candidate, Problem, Result, Sampling, Score, Scored, Usage

PUBLIC = {
    "Budget": "tts.values",
    "Candidate": "tts.values",
    "Engine": "tts.engine",
    "MCPTools": "tts.tools",
    "Outcome": "tts.graph",
    "Plan": "tts.planner",
    "PlanSettings": "tts.planner",
    "Problem": "tts.values",
    "Result": "tts.values",
    "Run": "tts.run",
    "Sampling": "tts.values",
    "Score": "tts.values",
    "Scored": "tts.values",
    "SessionOptions": "tts.engine",
    "TTSError": "tts.errors",
    "Usage": "tts.values",
    "Tool": "tts.tools",
    "ToolContext": "tts.tools",
    "ToolSet": "tts.tools",
    "UsageError": "tts.errors",
    "parse_budget": "tts.engine",
    "parse_strategy": "tts.engine",
    "tool": "tts.tools",
}

__all__ = [
    "Budget",
    "Candidate",
    "Engine",
    "MCPTools",
    "Outcome",
    "Plan",
    "PlanSettings",
    "Problem",
    "Result",
    "Run",
    "Sampling",
    "Score",
    "Scored",
    "SessionOptions",
    "TTSError",
    "Tool",
    "ToolContext",
    "ToolSet",
    "Usage",
    "UsageError",
    "parse_budget",
    "parse_strategy",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'tts' has no attribute {name!r}")
    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
