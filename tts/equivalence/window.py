"""The part of a long text that holds its answer."""

from __future__ import annotations

from tts.equivalence.guard import is_admissible

BEFORE, AFTER = 64, 512
_ANCHORS = ("inal answer is", "inal Answer", "\\boxed")


def window(text: str) -> str:
    """An admissible text as it is; of another one the surroundings of its last stated answer.

    Without a stated answer it stays inadmissible, so that nothing is guessed from it.
    """
    if is_admissible(text):
        return text
    anchor = max(text.rfind(words) for words in _ANCHORS)
    part = text[max(0, anchor - BEFORE) : anchor + AFTER]
    return part if anchor >= 0 and _is_closed(text[anchor : anchor + AFTER]) else text


def _is_closed(part: str) -> bool:
    """Whether every brace opened is closed again: a cut box states no answer."""
    return part.count("{") <= part.count("}")
