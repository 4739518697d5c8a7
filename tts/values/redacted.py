"""Texts of other people without what looks like a key."""

from __future__ import annotations

import os
import re

SECRETS = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
SHAPES = re.compile(
    r"(?i)(?P<before>\b(?:bearer|basic) )[^\s\"',}]+"
    r"|\bsk-[\w-]{8,}"
    r"|(?P<named>(?:key|token)=)[^\s&\"',}]+"
    r"|(?P<field>(?:key|token|secret|password|authorization)[\"']?\s*[:=]\s*[\"']?)[^\s&\"',}]{8,}"
    r"|(?P<scheme>://)[^\s/@\"]+:[^\s/@\"]+(?=@)"
)
"""What stands in front of a key says that it is one, and stays."""
SHORTEST = 8
"""A shorter value of the environment is too likely to be an ordinary word."""


def redact(text: str) -> str:
    """A text without what looks like a key, and without the keys of this process's environment.

    Servers echo the key that they refuse, and exceptions show URLs.
    """
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and SECRETS.search(name):
            text = text.replace(value, "[redacted]")
    return SHAPES.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    return next((kept for kept in found.groups() if kept), "") + "[redacted]"
