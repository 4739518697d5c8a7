"""tts-engine: spends test-time compute well.

The public names are imported when they are first used, so that `import tts` stays cheap.
"""

import typing

if typing.TYPE_CHECKING:
    from tts.backends.agent import AgentAnswer, AgentGenerator, AgentSpend, AgentTask, agent
    from tts.engine import Engine, SessionOptions, parse_budget, parse_strategy
    from tts.errors import TTSError, UsageError
    from tts.planner import Plan, PlanCache, PlanSettings
    from tts.protocols import Generator
    from tts.run import Node, Outcome, Run, Strategy, Verifier
    from tts.tools import MCPTools, Tool, ToolContext, ToolSet, tool
    from tts.values import (
        AnswerEvent,
        Budget,
        Candidate,
        Problem,
        Result,
        Sampling,
        Score,
        Scored,
        TextEvent,
        Usage,
    )

    __version__: str

PUBLIC = {
    "AgentAnswer": "tts.backends.agent",
    "AgentGenerator": "tts.backends.agent",
    "AgentSpend": "tts.backends.agent",
    "AgentTask": "tts.backends.agent",
    "AnswerEvent": "tts.values",
    "Budget": "tts.values",
    "Candidate": "tts.values",
    "Engine": "tts.engine",
    "Generator": "tts.protocols",
    "MCPTools": "tts.tools",
    "Node": "tts.run",
    "Outcome": "tts.run",
    "Plan": "tts.planner",
    "PlanCache": "tts.planner",
    "PlanSettings": "tts.planner",
    "Problem": "tts.values",
    "Result": "tts.values",
    "Run": "tts.run",
    "Sampling": "tts.values",
    "Score": "tts.values",
    "Scored": "tts.values",
    "SessionOptions": "tts.engine",
    "Strategy": "tts.run",
    "TTSError": "tts.errors",
    "TextEvent": "tts.values",
    "Tool": "tts.tools",
    "ToolContext": "tts.tools",
    "ToolSet": "tts.tools",
    "Usage": "tts.values",
    "UsageError": "tts.errors",
    "Verifier": "tts.run",
    "agent": "tts.backends.agent",
    "parse_budget": "tts.engine",
    "parse_strategy": "tts.engine",
    "tool": "tts.tools",
}

__all__ = [
    "AgentAnswer",
    "AgentGenerator",
    "AgentSpend",
    "AgentTask",
    "AnswerEvent",
    "Budget",
    "Candidate",
    "Engine",
    "Generator",
    "MCPTools",
    "Node",
    "Outcome",
    "Plan",
    "PlanCache",
    "PlanSettings",
    "Problem",
    "Result",
    "Run",
    "Sampling",
    "Score",
    "Scored",
    "SessionOptions",
    "Strategy",
    "TTSError",
    "TextEvent",
    "Tool",
    "ToolContext",
    "ToolSet",
    "Usage",
    "UsageError",
    "Verifier",
    "agent",
    "parse_budget",
    "parse_strategy",
    "tool",
]


def __getattr__(name: str) -> object:
    import importlib.metadata

    if name == "__version__":
        return importlib.metadata.version("tts-engine")
    if name not in PUBLIC:
        raise AttributeError(f"module 'tts' has no attribute {name!r}")
    return getattr(importlib.import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    return ["__version__", *PUBLIC]
