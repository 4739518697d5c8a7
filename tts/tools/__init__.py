"""Typed functions, function schemas and MCP servers as tools."""

from tts.tools.function_tools import ToolSet, from_openai, to_openai, tool
from tts.tools.mcp_tools import MCPTools
from tts.tools.schemas import DEEP, Schema, inlined, instance_of, name_of, target
from tts.tools.tool import REPEATABLE, SHARED, Tool, ToolCall, ToolContext

__all__ = [
    "DEEP",
    "REPEATABLE",
    "SHARED",
    "MCPTools",
    "Schema",
    "Tool",
    "ToolCall",
    "ToolContext",
    "ToolSet",
    "from_openai",
    "inlined",
    "instance_of",
    "name_of",
    "target",
    "to_openai",
    "tool",
]
