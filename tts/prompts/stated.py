"""Answers that a text states in words."""

from __future__ import annotations

import re

TAIL = 4096
"""Characters at a text's end that are searched: an answer is stated there."""

_STATED = re.compile(r"answer(?:\s+is|:)(?:\s*:)?\s*([^\n]+)", re.IGNORECASE)
_HASHES = re.compile(r"####\s*([^\n]+)")
_NUMBER = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_CLAUSE = re.compile(r"[.,;]\s|\.$")
_MARKS = " \t*$."


def stated_answer(text: str) -> str | None:
    """What follows the last "answer is" or "answer:", up to the end of its sentence."""
    found = _STATED.findall(text[-TAIL:])
    return _CLAUSE.split(found[-1].strip(" \t*"))[0].strip(_MARKS) or None if found else None


def hashed_answer(text: str) -> str | None:
    """What follows the last `####`, as GSM8K writes its answers (Cobbe et al., 2021)."""
    found = _HASHES.findall(text[-TAIL:])
    return found[-1].strip(_MARKS) or None if found else None


def last_number(text: str) -> str | None:
    """The last number of a text."""
    found = _NUMBER.findall(text[-TAIL:])
    return found[-1] if found else None


def last_line(text: str) -> str | None:
    """The last line that is not empty."""
    lines = text[-TAIL:].strip().splitlines()
    return lines[-1].strip() or None if lines else None
