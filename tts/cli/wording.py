"""Figures as the terminal shows them."""

from __future__ import annotations

from tts.values import Usage


def known_dollars(usage: Usage) -> str:
    """Dollars; an unknown price stays unknown and is never zero."""
    return "unknown" if usage.dollars is None else f"${usage.dollars:.6g}"
