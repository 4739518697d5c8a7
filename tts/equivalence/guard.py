"""What may reach algebra: a look at the letters alone, linear in their number."""

from __future__ import annotations

import re

from tts.equivalence.power_tower import is_shallow

MAX_CHARACTERS = 4096
MAX_NESTING = 64
MAX_DIGIT_RUN = 256
MAX_DIGITS = 2048
MAX_FACTORIAL = 10_000
MAX_BINOMIAL = 10_000
MAX_EXPONENT = 9_999
MAX_ROOTS = 64
MAX_TERMS = 512

_DIGIT_RUN = re.compile(rf"[0-9]{{{MAX_DIGIT_RUN + 1},}}")
_ROOTS = re.compile(r"\\(?:sqrt|[dtc]?frac)(?![A-Za-z])")
_TERMS = re.compile(r"[-+*/]|\\(?:cdot|times)")
_FACTORIAL = re.compile(r"(?:([0-9]+)|([)}\]!]))\s*!(?!=)")
_BINOMIAL = re.compile(r"\\[dt]?binom|\\choose|\\[PC](?![A-Za-z])")
_LONG_NUMBER = re.compile(r"[0-9]{5,}")
_EXPONENT = re.compile(r"(?:\^|\*\*)\s*\{?\s*[-+]?\s*([0-9]{5,})")


def is_admissible(text: str) -> bool:
    """Whether algebra on a text is likely to end; the worker's deadline catches the rest."""
    return len(text) <= MAX_CHARACTERS and is_shallow(text, nesting=MAX_NESTING) and _is_small(text)


def _is_small(text: str) -> bool:
    return not (
        _DIGIT_RUN.search(text)
        or sum(letter.isdigit() for letter in text) > MAX_DIGITS
        or len(_ROOTS.findall(text)) > MAX_ROOTS
        or len(_TERMS.findall(text)) > MAX_TERMS
        or _EXPONENT.search(text)
        or _has_large_factorial(text)
        or _has_large_binomial(text)
    )


def _has_large_factorial(text: str) -> bool:
    """Also true of the factorial of anything in brackets: its size cannot be read off."""
    return any(
        bracket or len(digits) > 5 or int(digits) > MAX_FACTORIAL
        for digits, bracket in _FACTORIAL.findall(text)
    )


def _has_large_binomial(text: str) -> bool:
    found = _BINOMIAL.search(text)
    return bool(found and ("^" in text[found.start() :] or _LONG_NUMBER.search(text)))
