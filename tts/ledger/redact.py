"""Keeping keys out of what is written down."""

from __future__ import annotations

import os
import re

NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
SHAPES = re.compile(
    r"(?i)(?<=bearer )[^\s\"',}]+"
    r"|\bsk-[\w-]{8,}"
    r"|(?<=key=)[^\s&\"',}]+"
    r"|(?<=token=)[^\s&\"',}]+"
    r"|(?<=://)[^\s/@\"]+:[^\s/@\"]+(?=@)"
)
SHORTEST = 8
"""A shorter value of the environment is too likely to be an ordinary word."""


def redact(text: str) -> str:
    """A text without what looks like a key, and without the keys of this process's environment.

    Servers echo the key that they refuse, and exceptions show URLs.
    """
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and NAMES.search(name):
            text = text.replace(value, "[redacted]")
    return SHAPES.sub("[redacted]", text)
