"""Where a statement ends: brackets and quotes."""

from __future__ import annotations

from msgspec import Struct

_OPEN, _CLOSE = "([{", ")]}"
QUOTES = ('"""', "'''", '"', "'")


class Scan(Struct, frozen=True):
    """How far a statement is open after some of its lines."""

    depth: int = 0
    quote: str = ""

    @property
    def closed(self) -> bool:
        return self.depth <= 0 and not self.quote


def scanned(text: str, state: Scan) -> Scan:
    """The state after more text; a `#` or `//` outside quotes hides the rest of its line."""
    depth, quote, place = state.depth, state.quote, 0
    while place < len(text):
        if quote:
            if text[place] == "\\":
                place += 2
                continue
            if text.startswith(quote, place):
                place += len(quote)
                quote = ""
                continue
        elif opened := next((q for q in QUOTES if text.startswith(q, place)), ""):
            empty = len(opened) == 1 and text.startswith(opened, place + 1)
            place += 2 if empty else len(opened)
            quote = "" if empty else opened
            continue
        elif text[place] == "#" or text.startswith("//", place):
            end = text.find("\n", place)
            place = len(text) if end < 0 else end
            continue
        else:
            depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        place += 1
    return Scan(depth, quote)
