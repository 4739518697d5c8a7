"""The letter of a chosen option."""

from __future__ import annotations

import re

TAIL = 4096
"""Characters at a text's end that are searched."""

_MARKUP = re.compile(r"\\(?:text(?:bf|it|rm)?|mathrm|mathbf|boxed)\s*\{|[*`$}]|\\[()\[\]]")
_LIST = re.compile(
    r"\(?([A-Ja-j])\)?(?:\s*(?:,|;|&|,?\s*\b(?:and|or)\b)\s*\(?([A-Ja-j])\)?)+[\s.]*"
)
_ALONE = re.compile(r"\(?([A-Ja-j])[).:]{0,2}\s*")
_NAMED = re.compile(r"\b(?:option|choice|answer)\s*\(?([A-J])\)?(?![A-Za-z0-9])", re.IGNORECASE)
_LETTER = re.compile(r"(?<![A-Za-z0-9\\'])\(?([A-J])\)?(?![A-Za-z0-9'])")
_ARTICLE = re.compile(r"(?:A|I)\s+[a-z]")
_CALLED_RIGHT = re.compile(
    r"(?<![A-Za-z0-9])\(?([A-J])\)?\s+(?:is|seems|must be)\s+(?:the\s+)?(?:correct|right|best)\b"
)


def option(answer: str) -> str | None:
    r"""The option's letter of an answer such as `\text{(C)}` or `C. Paris`.

    Several letters in a list are all of them, in order: `A and C` is not the option A. A letter
    that is a word of its sentence (`A train …`) is none.
    """
    text = _MARKUP.sub("", answer).strip()
    if _LIST.fullmatch(text):
        return ", ".join(sorted({letter.upper() for letter in re.findall(r"\b[A-Ja-j]\b", text)}))
    if alone := _ALONE.fullmatch(text):
        return alone[1].upper()
    if named := _NAMED.search(text):
        return named[1].upper()
    letters = (found for found in _LETTER.finditer(text) if not _ARTICLE.match(text, found.start()))
    found = next(letters, None)
    return found[1] if found else None


def chosen_option(text: str) -> str | None:
    """The letter last called right, as in `(C) is correct`, or that the last line is."""
    tail = _MARKUP.sub("", text[-TAIL:]).strip()
    if called := _CALLED_RIGHT.findall(tail):
        return str(called[-1])
    alone = _ALONE.fullmatch(tail.rpartition("\n")[2])
    return alone[1].upper() if alone else None
