"""A place where a value will be found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

ITEM = 0
"""Stands for the element that a `each` call is made for; real ids start at 1."""
NAME = r"(?:item\b|\d+)"
PATH = r"(?:\.[A-Za-z_]\w*|\[-?\d+\]|\[\"(?:[^\"\\]|\\.)*\"\]|\['(?:[^'\\]|\\.)*'\])*"
BARE = re.compile(rf"\$({NAME})({PATH})")
BRACED = re.compile(rf"\$\{{({NAME})({PATH})\}}")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(-?\d+)\]|\[(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\]")

Step = str | int
"""A field of an object, or a position in a list."""


class Reference(Struct, frozen=True):
    """The result of a call, or a part of it: `$3`, `$3.items[0].price`."""

    call: int
    path: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return f"${self.inside}"

    @property
    def inside(self) -> str:
        """Without the dollar, as JSON plans and braces hold it."""
        name = "item" if self.call == ITEM else str(self.call)
        return name + "".join(_step_text(step) for step in self.path)


def reference_of(match: re.Match[str]) -> Reference:
    """The reference that `BARE` or `BRACED` matched."""
    call = ITEM if match[1] == "item" else int(match[1])
    return Reference(call, tuple(_steps(match[2])))


def read_reference(text: str) -> Reference | None:
    """`$1.x`, `${1.x}` or `1.x` as a whole; None for anything else."""
    dressed = text if text.startswith("$") else f"${text}"
    match = BARE.fullmatch(dressed) or BRACED.fullmatch(dressed)
    return reference_of(match) if match else None


def _steps(path: str) -> Iterator[Step]:
    for match in _STEP.finditer(path):
        if match[1]:
            yield match[1]
        elif match[2]:
            yield int(match[2])
        else:
            quoted = match[3]
            inner = quoted[1:-1].replace('"', '\\"') if quoted[0] == "'" else quoted[1:-1]
            yield json.loads(f'"{inner}"', strict=False)


def _step_text(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if re.fullmatch(r"[A-Za-z_]\w*", step):
        return f".{step}"
    return f"[{json.dumps(step, ensure_ascii=False)}]"
