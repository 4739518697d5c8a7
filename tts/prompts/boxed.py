r"""Answers in `\boxed{}`."""

from __future__ import annotations

import re

LONGEST_ANSWER = 8192
"""Characters; a longer box holds no answer."""

_OPENINGS = ("\\boxed{", "\\boxed {", "\\fbox{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def last_boxed(text: str) -> str | None:
    r"""The content of the last `\boxed{…}` that was opened, None where it is empty or not closed.

    An earlier, complete box does not stand in for a cut one: its author was revising it. Linear.
    """
    start = _last_opening(text)
    return None if start is None else _content(text[start : start + LONGEST_ANSWER]) or None


def has_cut_box(text: str) -> bool:
    r"""Whether the last `\boxed{` of a text is not closed."""
    start = _last_opening(text)
    return start is not None and _content(text[start : start + LONGEST_ANSWER]) is None


def _last_opening(text: str) -> int | None:
    """Where the content of the last opened box begins."""
    ends = [start + len(box) for box in _OPENINGS if (start := text.rfind(box)) >= 0]
    return max(ends, default=None)


def _content(text: str) -> str | None:
    depth = 1
    for brace in _BRACE.finditer(text):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return text[: brace.start()].strip()
    return None
