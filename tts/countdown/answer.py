"""Answers as they are written: an expression, or the lines of the steps that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from tts.countdown.expression import Made, evaluated

LONGEST, MOST_NUMBERS = 600, 24
"""Characters and numbers of an answer that is read."""
TAIL = 4096
"""Characters at a text's end in which steps are looked for."""

_SPELLINGS = {
    **dict.fromkeys(("×", "·", "⋅", "∙", "✕", "\\times", "\\cdot"), "*"),
    **dict.fromkeys(("÷", "∕", "⁄", "\\div"), "/"),
    **dict.fromkeys(("−", "–"), "-"),
    **dict.fromkeys(("[", "{"), "("),
    **dict.fromkeys(("]", "}"), ")"),
    **dict.fromkeys(("\\left", "\\right", "\\,", "$"), ""),
}
_SPELLED = re.compile("|".join(map(re.escape, sorted(_SPELLINGS, key=len, reverse=True))))
_REFERENCE = re.compile(r"([0-9]{1,6}) from ([0-9]{1,6}(?: [0-9]{1,6}){0,23})")
_NUMBER = r"-?[0-9]{1,6}(?:/[1-9][0-9]{0,5}|\.[0-9]{1,6})?(?![0-9./])"
_OPERAND = rf"(?:{_NUMBER}|\(-?[0-9]{{1,6}}\))"
_STEP = re.compile(rf"\s*({_OPERAND}) ?([-+*/]) ?({_OPERAND}) ?= ?({_NUMBER})([^=]*)")
_LEFT = re.compile(rf"[\s|(]*(?:left|answer)[\s:]+({_NUMBER}(?:[ ,]+{_NUMBER})*)[\s)]*")


def made(answer: str) -> Made | None:
    """What an answer makes: an expression, lines of steps, or a reference such as `29 from 3 5 8`.

    None for whatever else it is: a division by zero, a step that is not so, a text that is too
    long, another language.
    """
    if len(answer) > LONGEST:
        return None
    text = _respelled(answer)
    if reference := _REFERENCE.fullmatch(text):
        return Made(Fraction(reference[1]), tuple(map(int, reference[2].split(" "))))
    try:
        found = evaluated(worked(text) or text)
    except (ValueError, ZeroDivisionError):
        return None
    return found if len(found.numbers) <= MOST_NUMBERS else None


def ended(text: str) -> str | None:
    """The expression that a solution ends with: that of its last line, or the one that its steps
    lead to, where the last of them says that it is the end (`| answer 29`, or a single number
    left)."""
    lines = [line for line in _respelled(text[-TAIL:]).splitlines() if line.strip()]
    if lines and not _STEP.fullmatch(lines[-1]) and made(lines[-1]):
        return lines[-1].strip()
    last = next((step for line in reversed(lines) if (step := _STEP.fullmatch(line))), None)
    left = _LEFT.fullmatch(last[5]) if last else None
    return worked("\n".join(lines)) if left and len(_numbers(left[1])) == 1 else None


def worked(text: str) -> str | None:
    """The lines of steps in a text as one expression.

    Operands are results of earlier lines where there is such a result, and else given numbers.
    None where there is no step, a step is not exactly so, or a result is not used.
    """
    open_results: dict[Fraction, list[str]] = {}
    expression: str | None = None
    for left, operator, right, result in _steps(text):
        sides = [_operand(open_results, side) for side in (left, right)]
        expression = f"{sides[0]} {operator} {sides[1]}"
        if not _is_so(left, operator, right, result):
            return None
        open_results.setdefault(_value(result), []).append(f"({expression})")
    unused = sum(map(len, open_results.values()))
    return expression if unused == 1 else None


def _steps(text: str) -> Iterator[tuple[str, str, str, str]]:
    for line in text.splitlines():
        if step := _STEP.fullmatch(line):
            yield step[1], step[2], step[3], step[4]


def _operand(open_results: dict[Fraction, list[str]], text: str) -> str:
    found = open_results.get(_value(text))
    return found.pop() if found else text


def _is_so(left: str, operator: str, right: str, result: str) -> bool:
    first, second, stated = _value(left), _value(right), _value(result)
    match operator:
        case "+":
            return first + second == stated
        case "-":
            return first - second == stated
        case "*":
            return first * second == stated
    return second != 0 and first / second == stated


def _value(text: str) -> Fraction:
    return Fraction(text.strip("()"))


def _numbers(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _respelled(text: str) -> str:
    return _SPELLED.sub(lambda found: _SPELLINGS[found[0]], text).strip()
