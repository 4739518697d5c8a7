"""Typed functions, function schemas and MCP servers as tools."""

from tts.tools.function_tools import ToolSet, tool
from tts.tools.mcp_tools import MCPTools
from tts.tools.openai_schema import from_openai, to_openai
from tts.tools.operation import ToolCall
from tts.tools.schemas import DEEP, Schema, inlined, instance_of, name_of, target
from tts.tools.tool import REPEATABLE, SHARED, Tool, ToolContext

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
