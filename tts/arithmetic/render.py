"""The canonical text of an expression."""

from __future__ import annotations

from tts.arithmetic.operation import Operation


def render(expression: int | Operation) -> str:
    """Text such as ``(3 + 4) * 2``: nested operations in parentheses, none around the whole."""
    if isinstance(expression, int):
        return str(expression)
    return f"{_nested(expression.left)} {expression.operator} {_nested(expression.right)}"


def _nested(expression: int | Operation) -> str:
    text = render(expression)
    return text if isinstance(expression, int) else f"({text})"
