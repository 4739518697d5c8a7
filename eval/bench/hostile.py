"""Answers made to hang or blow up a checker."""

from __future__ import annotations

HOSTILE = {
    "power tower": "9^9^9^9",
    "factorial": "(10^{10})!",
    "nested factorial": "((100!)!)!",
    "binomial": "\\binom{10^9}{5*10^8}",
    "integral": "\\int_0^1 x^{x^{x^x}} dx",
    "parentheses": "(" * 2000 + "1" + ")" * 2000,
    "fractions": "\\frac{1}{" * 300 + "2" + "}" * 300,
    "roots": "\\sqrt{" * 500 + "2" + "}" * 500,
    "digits": "7" * 10**6,
    "sum": "+".join(f"x^{{{i}}}" for i in range(3000)),
    "boxes": "\\boxed{" * 100_000,
}
"""Named by what they do; none of them is 7."""
