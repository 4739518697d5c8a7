"""What was spent."""

from __future__ import annotations

from msgspec import Struct

NANO = 1_000_000_000
"""Money is counted in integers of 10⁻⁹ dollars."""


def known_sum(left: int | None, right: int | None) -> int | None:
    """The sum of two amounts; unknown wins, it is not zero."""
    return None if left is None or right is None else left + right


class Usage(Struct, frozen=True, kw_only=True, gc=False):
    """What one call, or a sum of calls, spent in every additive dimension."""

    calls: int = 0
    prompt_tokens: int = 0
    cached_prompt_tokens: int = 0
    """Included in `prompt_tokens`."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Included in `completion_tokens`."""
    nanodollars: int | None = 0
    """None: the price is unknown."""
    flops: int | None = 0
    """2 · parameters · tokens; None: the model's size is unknown."""
    gpu_microseconds: int | None = 0
    """Device time of local engines; None: not measured."""

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def dollars(self) -> float | None:
        return None if self.nanodollars is None else self.nanodollars / NANO

    def __add__(self, other: Usage) -> Usage:
        dollars, more = self.nanodollars, other.nanodollars
        flops, more_flops = self.flops, other.flops
        device, more_device = self.gpu_microseconds, other.gpu_microseconds
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_prompt_tokens=self.cached_prompt_tokens + other.cached_prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            nanodollars=None if dollars is None or more is None else dollars + more,
            flops=None if flops is None or more_flops is None else flops + more_flops,
            gpu_microseconds=None
            if device is None or more_device is None
            else device + more_device,
        )


NOTHING = Usage()
