"""Which model answers, and what its endpoint can do."""

from __future__ import annotations

from msgspec import Struct


class Model(Struct, frozen=True, kw_only=True):
    """A model as keys and prices know it."""

    name: str
    """As prices and reports show it, for example `gpt-5-mini` or `embedded:small`."""
    revision: str = ""
    """What else changes its answers: a commit, a weights hash, a quantisation."""
    parameters: int | None = None
    """Number of weights, for FLOPs; None: unknown."""
    context_length: int | None = None
    """Tokens of prompt and completion together; None: unknown."""


class Capabilities(Struct, frozen=True, kw_only=True):
    """What an endpoint was found to support; probed once and kept in the manifest."""

    n: bool = False
    """One request may return several draws."""
    coalesce: bool = False
    """Draws of one `sample(n=k)` travel as one request."""
    bills_prompt_once: bool = False
    """Draws of one `sample(n=k)` travel together and pay for their prompt once. A prompt that
    is billed with every draw, whatever a cache makes of it, is charged with every draw."""
    prefill: bool = False
    """A partial assistant text can be continued; needed by step-wise search."""
    logprobs: bool = False
    seed: bool = False
    keeps_stop: bool = False
    """The stop string comes back in the text, or which one matched is reported."""
    max_completion_tokens: bool = False
    """The ceiling travels as `max_completion_tokens` instead of `max_tokens`."""
    reports_usage: bool = True
    reasoning: bool = False
    """Reasoning tokens are reported."""
