"""Comparison by algebra; imported by the worker process only.

Wraps math-verify (Kydlíček, Hugging Face, 2025), whose comparison depends on which side is the
reference, into a symmetric one. A bare answer is read by the LaTeX grammar as it stands: no letter
is taken for a unit, and x is not X. Prose is searched as math-verify does.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any, Literal

from latex2sympy2_extended import latex2sympy
from latex2sympy2_extended.latex2sympy2 import (
    ConversionConfig,
    NormalizationConfig,
    normalize_latex,
)
from math_verify import LatexExtractionConfig, parse, verify
from math_verify import parser as math_verify_parser
from math_verify.grader import is_assignment_relation, is_equation, should_treat_as_complex
from math_verify.parser import ExprExtractionConfig, get_last_eq
from sympy import (
    Basic,
    Eq,
    Float,
    I,
    Integer,
    Intersection,
    MatrixBase,
    Rational,
    Symbol,
    SympifyError,
    Tuple,
    Union,
    expand,
)
from sympy import FiniteSet as SympyFiniteSet
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.parsing import sympy_parser
from sympy.physics import units

from tts.equivalence.canonical import canonical
from tts.equivalence.number import Number
from tts.values import AnswerKind

_POWER = re.compile(r"(?:\*\*|\^)\s*([0-9.]+)")
_LITERAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_SPELLING = NormalizationConfig(
    basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="all"
)
_MEANING = ConversionConfig(lowercase_symbols=False)
_SEARCHED = (LatexExtractionConfig(normalization_config=_SPELLING), ExprExtractionConfig())
_LONGEST_SPELLED = 200
"""Characters; the letters of longer mathematics in prose are not looked at."""
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
_LONG_POWER = re.compile(r"(?:\*\*|\^)\s*(-?[0-9]{2,})")
_MIXED = re.compile(r"(?<![0-9.^_])([0-9]{1,9})\s+([0-9]{1,9})/([0-9]{1,9})(?![0-9])")
_TEXTUAL = re.compile(r"\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf)\s*\{\s*([^{}]*?)\s*\}")
_JOINT = re.compile(
    r"(?:,|\\quad|\\qquad|\\ |\s)*(?:\b|(?<=[0-9)]))(or|and)(?:\b|(?=[A-Z(]))(?:\\quad|\\qquad|\\ |\s)*"
)
_TRIGONOMETRIC = re.compile(
    r"(\\(?:sin|cos|tan|cot|sec|csc)(?:\^\{?[0-9]\}?)?)\s*[({]{0,2}\s*(-?[0-9]+(?:\.[0-9]+)?)"
    r"\s*\^\s*\{?\s*\\circ\s*\}?\s*[)}]{0,2}"
)


def _arithmetic(expression: str) -> Any:
    """A plain expression such as `2*(3+4)`, read by the LaTeX grammar: sympy's parser evals."""
    latex = _POWER.sub(r"^{\1}", expression.strip(" .")).replace("÷", "/")
    return latex2sympy(latex.replace("×", "*").replace("*", r" \cdot "))


def _number(text: str, *_: Any, **__: Any) -> Any:
    """What sympy's own parser may still read, once it no longer evals: a literal number."""
    if _LITERAL.fullmatch(text.strip()) is None:
        raise SympifyError(text)
    return Float(text) if not text.strip().lstrip("+-").isdecimal() else Integer(int(text))


@lru_cache(maxsize=20)
def _expression(text: str) -> Any:
    """What normalised LaTeX says, or the last of its equations where it says too much."""
    try:
        return _grammar(text)
    except Exception:
        if (last := get_last_eq(text)) == text:
            raise
        return _grammar(last)


def _grammar(text: str) -> Any:
    return latex2sympy(
        text,
        is_real=not should_treat_as_complex(text),
        convert_degrees=False,
        normalization_config=None,
        conversion_config=_MEANING,
    )


logging.disable(logging.CRITICAL)
math_verify_parser.parse_expr_cached = _arithmetic
math_verify_parser.parse_latex_cached = _expression
sympy_parser.parse_expr = _number
_LOADED_BEFORE_PARSING_ENDS = units


@lru_cache(maxsize=512)
def statement(text: str, kind: AnswerKind = "any") -> tuple[Any, str]:
    """The sympy object that a text states, or None, and the part of the text that states it."""
    read = canonical(text, kind)
    if read.number is not None:
        return _value(read.number), read.text
    return _bare(read.text) if read.mathematics else _in_prose(text, kind)


def _value(number: Number) -> Any:
    exact = Rational(number.value.numerator, number.value.denominator)
    return exact if number.exact else Float(exact, 30)


def _bare(text: str) -> tuple[Any, str]:
    pieces, joint = parts(text)
    if joint is not None and (region := _region(pieces, joint)) is not None:
        return region, text
    return _parsed(", ".join(pieces)), text


def _parsed(text: str) -> Any:
    try:
        found = _expression(normalize_latex(latex(text), _SPELLING))
    except Exception:  # noqa: BLE001 whatever the grammar cannot read states nothing
        return None
    return found if isinstance(found, Basic | MatrixBase) else None


def _region(pieces: list[str], joint: Joint) -> Any:
    """The numbers that inequalities in one unknown leave, joined by `or` or by `and`."""
    found = [_parsed(piece) for piece in pieces]
    if not all(isinstance(each, Relational | Boolean) and not is_equation(each) for each in found):
        return None
    if len({symbol for each in found for symbol in each.free_symbols}) != 1:
        return None
    sets = [each.as_set() for each in found]
    return Union(*sets) if joint == "or" else Intersection(*sets)


def _in_prose(text: str, kind: AnswerKind) -> tuple[Any, str]:
    found = parse(text, _SEARCHED, parsing_timeout=0)
    words = next((part.strip() for part in found if isinstance(part, str)), "")
    spelled = canonical(words, kind)
    if len(words) <= _LONGEST_SPELLED and not (spelled.mathematics or spelled.prose):
        return None, words
    return next((part for part in found if isinstance(part, Basic | MatrixBase)), None), words


def are_same(a: str, b: str, rounding: int, kind: AnswerKind = "any") -> bool:
    """Whether two texts state the same mathematical object; symmetric."""
    (one, words), (other, other_words) = statement(a, kind), statement(b, kind)
    if one is None or other is None:
        return one is other and words == other_words != ""
    return _same_object(one, other, rounding) or _same_complex(one, other, rounding)


def _same_object(one: Any, other: Any, rounding: int) -> bool:
    if is_equation(one) != is_equation(other) and not _gives_a_value(one, other):
        return False
    if isinstance(other, Tuple) and isinstance(one, SympyFiniteSet):
        one, other = other, one
    if _verified(one, other, rounding):
        return True
    ordered = isinstance(one, Tuple) and isinstance(other, SympyFiniteSet)
    return not ordered and _verified(other, one, rounding)


def _same_complex(one: Any, other: Any, rounding: int) -> bool:
    """Whether two texts agree once their letter i is the imaginary unit."""
    imaginary = {symbol: I for each in (one, other) for symbol in _unknowns(each, "i")}
    if not imaginary:
        return False
    try:
        first, second = (expand(each.subs(imaginary)) for each in (one, other))
    except (AttributeError, TypeError, ValueError):
        return False
    return _same_object(first, second, rounding)


def _unknowns(found: Any, name: str) -> list[Symbol]:
    return [symbol for symbol in getattr(found, "free_symbols", ()) if symbol.name == name]


def _verified(gold: Any, answer: Any, rounding: int) -> bool:
    return bool(verify(gold, answer, float_rounding=rounding, timeout_seconds=None))


def _gives_a_value(one: Any, other: Any) -> bool:
    """`x = 3` gives a value to compare with 3; `2x + z = 1` and `7 = 11a + c` give none."""
    equation: Any = one if is_equation(one) else other
    if is_assignment_relation(equation):
        return True
    parts: Any = getattr(equation, "_unsorted_args", (equation,))
    first, last = parts[0], parts[-1]
    if not (isinstance(first, Eq) and isinstance(last, Eq)):
        return False
    return not first.lhs.free_symbols and not last.rhs.free_symbols


def latex(text: str) -> str:
    """The LaTeX of a bare answer: Unicode signs, names of functions, mixed numbers, degrees."""
    text = text.translate(_SIGNS)
    text = _ROOT_SIGN.sub(_root, _ROOT_NAME.sub(_root, text))
    text = _NAMES.sub(r"\\\1 ", _ENDLESS.sub(r"\\infty ", text))
    text = text.replace("\\varnothing", "\\emptyset")
    text = _MIXED.sub(_mixed, _LONG_POWER.sub(r"^{\1}", text)).replace("**", "^")
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
