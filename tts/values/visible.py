"""Text of unknown origin, made fit to be shown."""

from __future__ import annotations

import re
import unicodedata

ACTING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control codes, those of one byte included
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"  # direction, no width
    "\u2028\u2029\ufeff\ufff9-\ufffb"  # line ends, marks, annotations
    "\U000e0000-\U000e007f"  # tags that no one sees
    "\ud800-\udfff"  # half a character: no encoding can write it
)
"""As a character class: what moves the cursor, reorders, hides or cannot be written.

Line feed and tab stay, and so do the joiners that emoji and some scripts are written with.
"""
_ACTING = re.compile(f"[{ACTING}]")


def harmless(text: str) -> str:
    """The text with � for every character that would act instead of being read."""
    return _ACTING.sub("\ufffd", text)


def visible(text: object, limit: int = 200) -> str:
    """`harmless`, and at most `limit` characters, the last an ellipsis where some were cut.

    Escaping is left to the renderer.
    """
    whole = str(text)
    clean = harmless(whole[: limit + 1])
    if len(whole) <= limit:
        return clean
    cut = clean[: limit - 1]
    while cut and unicodedata.combining(cut[-1]):
        cut = cut[:-1]
    return cut + "…"
