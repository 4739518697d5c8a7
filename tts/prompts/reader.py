"""The ways in which a task's answers may be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tts.prompts.boxed import last_boxed
from tts.prompts.stated import hashed_answer, last_line, last_number, stated_answer

Reader = Literal["boxed", "hashes", "stated", "last_number", "last_line"]

READERS: dict[Reader, Callable[[str], str | None]] = {
    "boxed": last_boxed,
    "hashes": hashed_answer,
    "stated": stated_answer,
    "last_number": last_number,
    "last_line": last_line,
}

MARKED: frozenset[Reader] = frozenset({"boxed", "hashes", "stated"})
"""Readers that find an answer only where the text says that it is one."""
