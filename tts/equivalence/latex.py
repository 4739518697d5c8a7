"""A bare answer as the LaTeX that the grammar of mathematics reads."""

from __future__ import annotations

import re
from typing import Literal

Joint = Literal["or", "and"]

_SIGNS = str.maketrans(
    {
        "π": r"\pi ",
        "∞": r"\infty ",
        "≤": r"\le ",
        "≥": r"\ge ",
        "≠": r"\ne ",
        "≈": r"\approx ",
        "±": r"\pm ",
        "·": r"\cdot ",
        "⋅": r"\cdot ",
        "×": r"\times ",
        "÷": "/",
        "−": "-",
        "∪": r"\cup ",
        "∩": r"\cap ",
        "∈": r"\in ",
        "∅": r"\emptyset ",
        "θ": r"\theta ",
        "°": r"^\circ",
    }
)
_ROOT_SIGN = re.compile(r"√\s*(?:\(([^()]*)\)|([0-9]+|[a-z]))")
_ROOT_NAME = re.compile(r"(?<![A-Za-z])\\?sqrt\s*\(([^()]*)\)()")
_NAMES = re.compile(r"(?<![\\A-Za-z{])(pi|sin|cos|tan|cot|sec|csc|log|ln|exp|infty)(?![A-Za-z])")
_ENDLESS = re.compile(r"(?<![\\A-Za-z])(?:inf|infinity|oo)(?![A-Za-z])")
_POWER = re.compile(r"(?:\*\*|\^)\s*(-?[0-9]{2,})")
_MIXED = re.compile(r"(?<![0-9.^_])([0-9]{1,9})\s+([0-9]{1,9})/([0-9]{1,9})(?![0-9])")
_TEXTUAL = re.compile(r"\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf)\s*\{\s*([^{}]*?)\s*\}")
_JOINT = re.compile(
    r"(?:,|\\quad|\\qquad|\\ |\s)*(?:\b|(?<=[0-9)]))(or|and)(?:\b|(?=[A-Z(]))(?:\\quad|\\qquad|\\ |\s)*"
)
_TRIGONOMETRIC = re.compile(
    r"(\\(?:sin|cos|tan|cot|sec|csc)(?:\^\{?[0-9]\}?)?)\s*[({]{0,2}\s*(-?[0-9]+(?:\.[0-9]+)?)"
    r"\s*\^\s*\{?\s*\\circ\s*\}?\s*[)}]{0,2}"
)


def latex(text: str) -> str:
    """The LaTeX of a bare answer: Unicode signs, names of functions, mixed numbers, degrees."""
    text = text.translate(_SIGNS)
    text = _ROOT_SIGN.sub(_root, _ROOT_NAME.sub(_root, text))
    text = _NAMES.sub(r"\\\1 ", _ENDLESS.sub(r"\\infty ", text))
    text = text.replace("\\varnothing", "\\emptyset")
    text = _MIXED.sub(_mixed, _POWER.sub(r"^{\1}", text)).replace("**", "^")
    text = _TRIGONOMETRIC.sub(r"\1{(\\frac{\2\\pi}{180})}", text)
    return re.sub(r"(?<!\\)\*", r"\\cdot ", text)


def parts(text: str) -> tuple[list[str], Joint | None]:
    """The statements that `or` or `and` join, and which of them; a list apart by commas is one."""
    text = _TEXTUAL.sub(r" \1 ", text)
    joints = {found[1] for found in _JOINT.finditer(text)}
    if len(joints) != 1:
        return [_JOINT.sub(", ", text)], None
    pieces = [text[start:end].strip() for start, end in _pieces(text)]
    return [piece for piece in pieces if piece], "or" if joints == {"or"} else "and"


def _pieces(text: str) -> list[tuple[int, int]]:
    found = list(_JOINT.finditer(text))
    starts = [0, *(joint.end() for joint in found)]
    ends = [*(joint.start() for joint in found), len(text)]
    return list(zip(starts, ends, strict=True))


def _root(found: re.Match[str]) -> str:
    return f"\\sqrt{{{found[1] or found[2]}}}"


def _mixed(found: re.Match[str]) -> str:
    if int(found[2]) >= int(found[3]):
        return found[0]
    return f"(\\frac{{{int(found[1]) * int(found[3]) + int(found[2])}}}{{{found[3]}}})"
