"""What may reach algebra: a look at the letters alone, linear in their number."""

from __future__ import annotations

import re

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
MAX_TOWER = 2
"""Powers stacked on powers: `x^{y^z}` is the highest tower let through."""

_TOKEN = re.compile(r"\\[A-Za-z]+|[0-9][0-9.]*|\*\*|\S")
_SKIPPED = frozenset({"\\left", "\\right", "\\", "+", "-"})
BEFORE, AFTER = 64, 512
_ANCHORS = ("inal answer is", "inal Answer", "\\boxed")


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


def is_shallow(text: str, *, nesting: int) -> bool:
    """Whether brackets nest at most `nesting` deep and no power tower exceeds `MAX_TOWER`.

    `a^b^c` stacks like `a^{b^{c}}`; a power beside another one does not stack.
    """
    outer: list[tuple[int, int]] = []
    floor = chain = 0
    exponent = False
    for token in _TOKEN.findall(text):
        if token in {"^", "**"}:
            chain, exponent = chain + 1, True
        elif token in {"{", "[", "("}:
            chain = chain if exponent else 0
            outer.append((floor, chain))
            floor, chain, exponent = floor + chain, 0, False
        elif token in {"}", "]", ")"}:
            floor, chain = outer.pop() if outer else (0, 0)
            exponent = False
        elif not (exponent and token in _SKIPPED):
            chain, exponent = (chain if exponent else 0), False
        if len(outer) > nesting or floor + chain > MAX_TOWER:
            return False
    return True


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
