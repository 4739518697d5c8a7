"""The ways in which a task's answers may be written, and the part of a text that may hold one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tts.prompts.boxed import last_boxed
from tts.prompts.option import chosen_option
from tts.prompts.stated import (
    hashed_answer,
    last_line,
    last_number,
    stated_answer,
    tagged_answer,
)

Reader = Literal["tagged", "boxed", "hashes", "stated", "chosen", "last_number", "last_line"]

READERS: dict[Reader, Callable[[str], str | None]] = {
    "tagged": tagged_answer,
    "boxed": last_boxed,
    "hashes": hashed_answer,
    "stated": stated_answer,
    "chosen": chosen_option,
    "last_number": last_number,
    "last_line": last_line,
}

MARKED: frozenset[Reader] = frozenset({"tagged", "boxed", "hashes", "stated", "chosen"})
"""Readers that find an answer only where the text says that it is one."""

THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)
"""What models put around what they think, and do not mean as their answer."""


def spoken(text: str) -> str | None:
    """What a text says after its thoughts; None where they have not ended. Linear."""
    for opening, closing in THOUGHTS:
        end = text.rfind(closing)
        if text.rfind(opening) > end:
            return None
        if end >= 0:
            text = text[end + len(closing) :]
    return text
