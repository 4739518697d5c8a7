r"""Answers in `\boxed{}`."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_ANSWER = 8192
"""Characters; a longer box holds no answer."""
MOST_BOXES = 32
"""Of one list; and names of the command without a box that are passed over."""

_OPENING = re.compile(r"\\(?:boxed|fbox)\s{0,8}\{")
_DEEPER = {"{": 1, "}": -1}
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BARE = re.compile(
    r"\\boxed\s{0,8}(-?[0-9]{1,64}(?:,[0-9]{3})*(?:[./][0-9]{1,64})?"
    r"|-?\\[dt]?frac\s?(?:\{[^{}]{1,64}\}\{[^{}]{1,64}\}|[0-9]{2})|\([^()\n]{1,64}\)"
    r"|[A-Za-z](?=\s{0,8}(?:[$.,;]|\\[)\]])))"
)
"""A box without braces, around what can only be its content."""
_LABEL = r"[A-Za-z](?:_\{?\w{1,4}\}?)?\s*=\s*"
_BETWEEN = re.compile(
    rf"(?:\s+(?!(?:is|was|wrong|not|no|wait|but|or|and|so|then)\b)[a-z]{{2,12}}(?=,?\s+and\b))?"
    rf"(?:\s|\$|\\[()\[\],;! ]|\\q?quad|~|[,;&]|\band\b|\bor\b"
    rf"|\\text\s*\{{[\s,]*(?:and|or)?[\s,]*\}}|{_LABEL})*"
)
_JOINT = re.compile(r"[,;&]|\band\b|\bor\b")
LONGEST_JOINT = 60

_Box = tuple[int, int, str | None]
"""Where a box starts, where it ends and, where it is closed, its content."""


class Boxed(NamedTuple):
    """What a text has in boxes."""

    answer: str | None
    """See `last_boxed`."""
    cut: bool
    r"""Whether the last `\boxed{` is not closed."""


def boxed(text: str) -> Boxed:
    """Both at one look."""
    last = _last(text, len(text))
    return Boxed(_answer(text, last), last is not None and last[2] is None)


def last_boxed(text: str) -> str | None:
    r"""The content of the last box that was opened, None where it is empty or not closed.

    An earlier, complete box does not stand in for a cut one: its author was revising it. Boxes
    that commas, `and` or `or` join are one list; a later box with other words before it corrects
    the earlier ones. `\boxed 2` is a box too; one before a question mark is none. Linear.
    """
    return _answer(text, _last(text, len(text)))


def _answer(text: str, found: _Box | None) -> str | None:
    if found is None or not found[2] or text[found[1] : found[1] + 4].lstrip("$ )").startswith("?"):
        return None
    start, members = found[0], [found[2]]
    for _ in range(MOST_BOXES):
        earlier = _last(text, start)
        if earlier is None or not earlier[2] or not _joins(text[earlier[1] : start]):
            break
        start = earlier[0]
        members.append(earlier[2])
    return ", ".join(reversed(members)) if len(set(members)) > 1 else members[0]


def _last(text: str, before: int) -> _Box | None:
    """The last box that begins before a place."""
    for _ in range(MOST_BOXES):
        start = max(text.rfind("\\boxed", 0, before), text.rfind("\\fbox", 0, before))
        if start < 0:
            return None
        if opening := _OPENING.match(text, start):
            return start, *_content(text, opening.end())
        if bare := _BARE.match(text, start):
            return start, bare.end(), bare[1]
        before = start
    return None


def _content(text: str, start: int) -> tuple[int, str | None]:
    depth = 1
    for brace in _BRACE.finditer(text, start, start + LONGEST_ANSWER):
        depth += _DEEPER.get(brace[0], 0)
        if depth == 0:
            return brace.end(), text[start : brace.start()].strip()
    return start, None


def _joins(between: str) -> bool:
    """Whether two boxes are members of one list; a box inside another one is its core."""
    if len(between) > LONGEST_JOINT or not _BETWEEN.fullmatch(between):
        return False
    return bool(_JOINT.search(between)) or "\n" not in between
