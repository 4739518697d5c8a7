"""Spelling differences of answers that carry no meaning."""

from __future__ import annotations

import re

LONGEST = 4096
"""Characters; longer texts are only stripped."""

_NOISE = re.compile(r"\\(?:left|right|displaystyle|quad|qquad)(?![A-Za-z])|\\[!,;:]")
_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_DEGREES = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))")
_SPACED = re.compile(r"\s*([-+*/^=<>|{}()\[\]])\s*", re.ASCII)
_BLANK = re.compile(r"\s")
_BOXED = re.compile(r"\\boxed\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*){0,32})\}")
_LETTERS = r"\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf|operatorname)"
_WRAPPED = re.compile(_LETTERS + r"\s*\{([^{}\\]*)\}")


def normalise(text: str) -> str:
    r"""One spelling for equal spellings: `$`, `\boxed{}`, `\dfrac`, `\left`, degrees and blanks."""
    text = text.strip()
    if len(text) > LONGEST or text.isalnum():
        return text
    text = text.rstrip(".").replace("\\$", "").replace("$", "").replace("{,}", ",").replace("°", "")
    if "\\" in text:
        text = _without_commands(text)
    return _SPACED.sub(r"\1", " ".join(text.split())) if _BLANK.search(text) else text


def _without_commands(text: str) -> str:
    text = _NOISE.sub("", text.replace("\\%", "%"))
    text = _DEGREES.sub("", _FRACTION.sub(r"\\frac", text)).strip()
    boxed = _BOXED.fullmatch(text)
    text = boxed[1].strip() if boxed else text
    wrapped = _WRAPPED.fullmatch(text)
    text = wrapped[1] if wrapped else text
    return text.removesuffix("\\").rstrip(".")
