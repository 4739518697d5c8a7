"""Where the mathematics of a text lies, said in the way that math-verify looks for it."""

from __future__ import annotations

import re

_DELIMITER = re.compile(r"\$|\\\(|\\\[|\\boxed")
_PROSE = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}\s+:?\s*[A-Za-z0-9]|[€£¥]|[0-9]\s[0-9]")
_CONNECTIVE = re.compile(r"\s*\b(?:or|and)\b\s*")


def reading(text: str) -> str:
    """A bare answer put between dollars; text with delimiters of its own, or prose, as it is."""
    if _DELIMITER.search(text):
        return text
    bare = _CONNECTIVE.sub(", ", text).strip().rstrip(".")
    if _PROSE.search(bare):
        return text
    return f"${bare}$"
