"""Assertions in a text of tests that a model wrote, in a form in which equal ones are equal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tts.answers.program import fenced, parsed

MOST = 5
"""Assertions of one text that count, the first ones: a model that goes on repeats itself, and one
talkative sample would outvote the others (Chen et al. 2022, CodeT)."""
LONGEST = 2_000
"""Characters of one assertion; a longer one was not meant to be read."""
_NEXT = re.compile(r"\n(?:def|class|if|for|while|print|import|from|@|#|```)")
"""What a model goes on with when it is done with an assertion."""


def asserts_in(text: str, entry: str, *, most: int = MOST) -> tuple[str, ...]:
    """The first `most` different assertions about `entry`, without their messages.

    `text` may begin behind a first `assert`, as a draw that continues a prompt does. An assertion
    that cannot be parsed, or does not call `entry`, is left out.
    """
    code = fenced(text)
    found: dict[str, None] = {}
    for part in _parts(text if code is None else code):
        one = _normal(part, entry)
        if one is not None:
            found.setdefault(one)
        if len(found) == most:
            break
    return tuple(found)


def _parts(text: str) -> Iterator[str]:
    for part in re.split(r"\bassert\b", text):
        yield _NEXT.split(part.strip(), maxsplit=1)[0].strip()


def _normal(part: str, entry: str) -> str | None:
    """One assertion as Python writes it; of several lines the first whole statement counts."""
    if not part or len(part) > LONGEST or entry not in part:
        return None
    lines = part.split("\n")
    for end in range(len(lines), 0, -1):
        tree = parsed(f"assert {' '.join(lines[:end])}") or parsed(
            "assert " + "\n".join(lines[:end])
        )
        if tree is not None and isinstance(tree.body[0], ast.Assert) and len(tree.body) == 1:
            return _told(tree.body[0].test, entry)
    return None


def _told(test: ast.expr, entry: str) -> str | None:
    """An assertion about what `entry` gives; None for one that never calls it."""
    calls = (node.func for node in ast.walk(test) if isinstance(node, ast.Call))
    if not any(isinstance(one, ast.Name) and one.id == entry for one in calls):
        return None
    return f"assert {ast.unparse(test)}"
