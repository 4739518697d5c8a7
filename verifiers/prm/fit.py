"""What happens to a text that is longer than the model reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tts.errors import ContextTooLong
from tts.protocols import MarkedRow

_CUT = " … "
_SHORTEST = 8
"""Characters of a step below which cutting it further would leave nothing to judge."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Rows that hold every step's mark exactly once, in order."""

    rows: tuple[MarkedRow, ...]
    degraded: bool
    """Some step was judged without everything before it, or was cut itself."""


def fit(build: Callable[[Sequence[str]], MarkedRow], steps: Sequence[str], limit: int) -> Fitted:
    """One row where the text fits in `limit` tokens, otherwise several.

    Every row begins with the whole question. A row holds as many of the earlier steps as fit in
    half of the room, which are context and not read again, and then new steps. A step that is too
    long by itself loses its middle. Raises ContextTooLong where the question leaves no room.
    """
    whole = build(steps)
    if len(whole.ids) <= limit:
        return Fitted((whole,), degraded=False)
    rows: list[MarkedRow] = []
    start, own = 0, list(steps)
    while start < len(own):
        own[start] = _shortened(build, own[start], limit)
        context = _context(build, own, start, limit)
        end = start + 1
        while end < len(own) and len(build(own[context : end + 1]).ids) <= limit:
            end += 1
        row = build(own[context:end])
        rows.append(MarkedRow(row.ids, row.marks[start - context :]))
        start = end
    return Fitted(tuple(rows), degraded=True)


def _context(
    build: Callable[[Sequence[str]], MarkedRow], steps: Sequence[str], start: int, limit: int
) -> int:
    """The first of the earlier steps that fit into half of what the question leaves."""
    room = (limit + len(build(()).ids)) // 2
    first = start
    while first > 0 and len(build(steps[first - 1 : start]).ids) <= room:
        if len(build(steps[first - 1 : start + 1]).ids) > limit:
            break
        first -= 1
    return first


def _shortened(build: Callable[[Sequence[str]], MarkedRow], step: str, limit: int) -> str:
    """The step, or its beginning and end."""
    kept = len(step)
    while len(build((step,)).ids) > limit:
        if kept <= _SHORTEST:
            raise ContextTooLong(f"The question leaves no room for a step in {limit} tokens.")
        kept = kept * 3 // 4
        step = step[: kept // 2] + _CUT + step[-(kept - kept // 2) :]
    return step
