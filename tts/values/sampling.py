"""How a completion is drawn."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Sampling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of one draw; part of the call's key."""

    temperature: Annotated[float, Meta(ge=0)] = 1.0
    """0 is greedy: every such draw of one prompt is the same draw."""
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    top_k: Annotated[int, Meta(ge=0)] = 0
    """0 means no limit."""
    max_tokens: Annotated[int, Meta(ge=1)] = 512
    """The most completion tokens of one draw; what a reservation assumes."""
    stop: tuple[str, ...] = ()
    """Strings that end a draw; they stay in the text."""
    logprobs: int | None = None
    """How many alternatives to report beside each chosen token (0: the chosen token only)."""

    @property
    def greedy(self) -> bool:
        return self.temperature == 0
