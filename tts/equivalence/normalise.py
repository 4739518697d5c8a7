"""Spelling differences of answers that carry no meaning."""

from __future__ import annotations

import re

LONGEST = 4096
"""Characters; longer texts are only stripped."""

_NOISE = re.compile(r"\\(?:left|right|displaystyle|quad|qquad)(?![A-Za-z])|\\[!,;:]")
_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_DEGREES = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))")
_SPACED = re.compile(r"\s*([-+*/^=<>|{}()\[\]])\s*", re.ASCII)
_TRIGONOMETRIC = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
_DISPLAYED = re.compile(r"\\([(\[])((?:(?!\\[()\[\]]).)*)\\[)\]]", re.DOTALL)
_SUBSCRIPT = re.compile(r"_\{([A-Za-z0-9])\}")
_BLANK = re.compile(r"\s")
_BOX = re.compile(r"\\boxed\s*\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_GROUPED = re.compile(r"(?<=[0-9]),\s*\\!\s*(?=[0-9]{3})")
_LETTERS = r"\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf|operatorname)"
_WRAPPED = re.compile(_LETTERS + r"\s*\{([^{}\\]*)\}")


def normalise(text: str) -> str:
    r"""One spelling for equal spellings: `$`, `\[`, `\boxed{}`, `\dfrac`, `\left`, degrees, blanks.

    Degrees stay inside trigonometric functions, where they are not the same as radians.
    """
    text = text.strip()
    if len(text) > LONGEST or text.isalnum():
        return text
    text = text.rstrip(".").replace("\\$", "").replace("$", "").replace("{,}", ",")
    if not _TRIGONOMETRIC.search(text):
        text = _DEGREES.sub("", text.replace("°", ""))
    text = _SUBSCRIPT.sub(r"_\1", text)
    if "\\" in text:
        text = _without_commands(text)
    return _SPACED.sub(r"\1", " ".join(text.split())) if _BLANK.search(text) else text


def boxes(text: str) -> list[str]:
    r"""What the closed outer `\boxed{…}` of a text hold, in order; linear in its length."""
    found: list[str] = []
    place = 0
    while opening := _BOX.search(text, place):
        depth, place = 1, len(text)
        for brace in _BRACE.finditer(text, opening.end()):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if depth == 0:
                found.append(text[opening.end() : brace.start()])
                place = brace.end()
                break
    return found


def _unboxed(text: str) -> str:
    found = boxes(text) if text.startswith("\\boxed") and text.endswith("}") else []
    return found[0].strip() if len(found) == 1 else text


def _without_commands(text: str) -> str:
    text = _NOISE.sub("", _GROUPED.sub(",", text).replace("\\%", "%"))
    text = _FRACTION.sub(r"\\frac", text).strip()
    displayed = _DISPLAYED.fullmatch(text)
    text = displayed[2].strip() if displayed else text
    text = _unboxed(text)
    wrapped = _WRAPPED.fullmatch(text)
    text = wrapped[1] if wrapped else text
    return text.removesuffix("\\").rstrip(".")
