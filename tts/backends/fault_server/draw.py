"""One simulated draw, cut by its ceiling and its stop strings."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tts.backends.fault_server.answer import pieces


class ServedDraw(Struct, gc=False):
    """What a draw came to."""

    text: str
    tokens: int
    finish_reason: str
    stop: str | None


def served_draw(
    whole: str, stops: Sequence[str], max_tokens: int, *, keep_stop: bool
) -> ServedDraw:
    """Cut a text at its first stop string, then at `max_tokens` tokens."""
    found = [(place, stop) for stop in stops if (place := whole.find(stop)) >= 0]
    place, stop = min(found, default=(len(whole), None))
    ended = whole[:place] + (stop or "")
    tokens = pieces(ended)
    if len(tokens) > max_tokens:
        cut = "".join(tokens[:max_tokens])
        return ServedDraw(cut, max_tokens, "length", None)
    text = ended if keep_stop or stop is None else whole[:place]
    return ServedDraw(text, max(1, len(tokens)), "stop", stop)
