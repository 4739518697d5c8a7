"""Where the thoughts of a reasoning model part into steps."""

from __future__ import annotations

import re

from tts.values import split_steps

THINKING_END = "</think>"
_TURNS = re.compile(
    r"(?:^|(?<=[\n.!?]))\s*(?=(?:Wait|Alternatively|Hmm|But wait|Let me (?:check|verify|try)|"
    r"Another (?:way|approach)|On second thought)\b)"
)


def split_thoughts(text: str, thinking_end: str = THINKING_END) -> tuple[str, str]:
    """The thoughts of a text and what follows them; no thoughts where their end is not marked."""
    thoughts, mark, rest = text.partition(thinking_end)
    return (thoughts, rest) if mark else ("", text)


def thought_steps(thoughts: str, *, least: int = 50, most: int = 1024) -> tuple[str, ...]:
    """Thoughts parted where they turn ("Wait", "Alternatively", …), sizes in words.

    Blank lines part a chain of thought into hundreds of tiny steps; so parts of fewer than `least`
    words are joined with the next one, and none grows beyond `most` while it can be parted.
    """
    parts = [piece for part in _TURNS.split(thoughts) for piece in _limited(part, most)]
    steps: list[str] = []
    for part in parts:
        if steps and len(steps[-1].split()) < least:
            steps[-1] = f"{steps[-1]}\n\n{part}"
        else:
            steps.append(part)
    return tuple(steps)


def reasoning_steps(text: str, thinking_end: str = THINKING_END) -> tuple[str, ...]:
    """The steps of a solution: turns of its thoughts, blank lines of the rest."""
    thoughts, answer = split_thoughts(text, thinking_end)
    return (*thought_steps(thoughts), *split_steps(answer))


def _limited(part: str, most: int) -> list[str]:
    """A part, or its paragraphs where it is too long."""
    whole = part.strip()
    if len(whole.split()) <= most:
        return [whole] if whole else []
    return list(split_steps(whole))
