"""Token rows with step markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.errors import ContextTooLong
from tts.values import Message

STEP_MARK = "<extra_0>"


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """Ids of a question and steps, each step followed by the marker."""

    ids: tuple[int, ...]
    marks: tuple[int, ...]
    """Positions of the markers in `ids`."""


def marked_rows(
    tokenizer: EmbeddedTokenizer, messages: Sequence[Message], steps: Sequence[str], limit: int
) -> tuple[MarkedRow, ...]:
    """One row, or several of at most `limit` tokens where the text is longer.

    Every row begins with the question and holds consecutive steps, so that each step has its
    marker in exactly one row. Markers are appended as ids: what the text contains cannot add
    one. Raises ContextTooLong where the question and one step alone are longer than `limit`.
    """
    question = tuple(tokenizer.encode_chat(messages))
    mark = tokenizer.special(STEP_MARK)
    rows: list[MarkedRow] = []
    ids, marks = question, tuple[int, ...]()
    for step in steps:
        added = (*tokenizer.encode(step), mark)
        if len(question) + len(added) > limit:
            raise ContextTooLong(f"The question and one step are more than {limit} tokens.")
        if len(ids) + len(added) > limit:
            rows.append(MarkedRow(ids, marks))
            ids, marks = question, ()
        ids += added
        marks = (*marks, len(ids) - 1)
    return (*rows, MarkedRow(ids, marks))
