"""The letter of a chosen option."""

from __future__ import annotations

import re

_LETTER = re.compile(r"(?<![A-Za-z0-9\\])\(?([A-J])\)?(?![A-Za-z0-9])")


def option(answer: str) -> str | None:
    r"""The first option's letter of an answer such as `\text{(C)}` or `C. Paris`."""
    found = _LETTER.search(answer)
    return found[1] if found else None
