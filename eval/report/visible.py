"""Text of unknown origin, made fit to be shown."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def visible(text: object, limit: int = 200) -> str:
    """At most `limit` characters, the last an ellipsis where some were cut.

    Control characters and text direction marks become �, so that nothing can reorder or hide
    what stands around it; so do lone surrogates, which no encoding can write. Escaping is left
    to the renderer.
    """
    whole = str(text)
    part = whole[: limit + 1]
    clean = _SURROGATE.sub("\ufffd", _UNSEEN.sub("\ufffd", part))
    if len(whole) <= limit:
        return clean
    cut = clean[: limit - 1]
    while cut and unicodedata.combining(cut[-1]):
        cut = cut[:-1]
    return cut + "…"
