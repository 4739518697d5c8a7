"""Typed functions, function schemas and MCP servers as tools."""

from tts.tools.context import ToolContext
from tts.tools.decorator import tool
from tts.tools.mcp_tools import MCPTools
from tts.tools.openai_schema import from_openai, to_openai
from tts.tools.operation import ToolCall
from tts.tools.pretended import instance_of
from tts.tools.tool import REPEATABLE, SHARED, Schema, Tool
from tts.tools.tool_set import ToolSet

__all__ = [
    "REPEATABLE",
    "SHARED",
    "MCPTools",
    "Schema",
    "Tool",
    "ToolCall",
    "ToolContext",
    "ToolSet",
    "from_openai",
    "instance_of",
    "to_openai",
    "tool",
]
