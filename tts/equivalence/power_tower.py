"""How deep brackets and powers stack."""

from __future__ import annotations

import re

MAX_TOWER = 2
"""Powers stacked on powers: `x^{y^z}` is the highest tower let through."""

_TOKEN = re.compile(r"\\[A-Za-z]+|[0-9][0-9.]*|\*\*|\S")
_SKIPPED = frozenset({"\\left", "\\right", "\\", "+", "-"})


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
