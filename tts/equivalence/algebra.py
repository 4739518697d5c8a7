"""Comparison by algebra; imported by the worker process only.

Wraps math-verify (Kydlíček, Hugging Face, 2025), whose comparison depends on which side is the
reference, into a symmetric one.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

from latex2sympy2_extended import latex2sympy
from math_verify import parse, verify
from math_verify import parser as math_verify_parser
from math_verify.grader import is_assignment_relation, is_equation
from sympy import Basic, Eq, Float, Integer, MatrixBase, SympifyError, Tuple
from sympy import FiniteSet as SympyFiniteSet
from sympy.parsing import sympy_parser
from sympy.physics import units

from tts.equivalence.reading import reading

_POWER = re.compile(r"(?:\*\*|\^)\s*([0-9.]+)")
_LITERAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")


def _arithmetic(expression: str) -> Any:
    """A plain expression such as `2*(3+4)`, read by the LaTeX grammar: sympy's parser evals."""
    latex = _POWER.sub(r"^{\1}", expression.strip(" .")).replace("÷", "/")
    return latex2sympy(latex.replace("×", "*").replace("*", r" \cdot "))


def _number(text: str, *_: Any, **__: Any) -> Any:
    """What sympy's own parser may still read, once it no longer evals: a literal number."""
    if _LITERAL.fullmatch(text.strip()) is None:
        raise SympifyError(text)
    return Float(text) if not text.strip().lstrip("+-").isdecimal() else Integer(int(text))


logging.disable(logging.CRITICAL)
math_verify_parser.parse_expr_cached = _arithmetic
sympy_parser.parse_expr = _number
_LOADED_BEFORE_PARSING_ENDS = units


@lru_cache(maxsize=512)
def statement(text: str) -> tuple[Any, str]:
    """The sympy object that a text states, or None, and the part of the text that states it."""
    found = parse(reading(text), parsing_timeout=0)
    words = next((part.strip() for part in found if isinstance(part, str)), "")
    return next((part for part in found if isinstance(part, Basic | MatrixBase)), None), words


def are_same(a: str, b: str, rounding: int) -> bool:
    """Whether two texts state the same mathematical object; symmetric."""
    (one, words), (other, other_words) = statement(a), statement(b)
    if one is None or other is None:
        return one is other and words == other_words != ""
    if is_equation(one) != is_equation(other) and not _gives_a_value(one, other):
        return False
    if isinstance(other, Tuple) and isinstance(one, SympyFiniteSet):
        one, other = other, one
    if _verified(one, other, rounding):
        return True
    ordered = isinstance(one, Tuple) and isinstance(other, SympyFiniteSet)
    return not ordered and _verified(other, one, rounding)


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
