"""What was spent, and the ceiling on what may be spent."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

NANO = 1_000_000_000
"""Money is counted in integers of 10⁻⁹ dollars."""
BYTES_PER_TOKEN = 3.5
"""Of a text in UTF-8, until replies that have counts say better."""

Dimension = Literal[
    "tokens",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "calls",
    "nanodollars",
    "flops",
    "gpu_microseconds",
    "fresh_tokens",
    "retrievals",
]
"""What can be capped. What the server happened to have cached is a discount of the bill and changes
no charge of a run; `fresh_tokens` counts what the run itself had computed before, whoever cached."""

DIMENSIONS: tuple[Dimension, ...] = Dimension.__args__  # type: ignore[attr-defined]


def known_sum(left: int | None, right: int | None) -> int | None:
    """The sum of two amounts; unknown wins, it is not zero."""
    return None if left is None or right is None else left + right


class Usage(Struct, frozen=True, kw_only=True, gc=False):
    """What one call, or a sum of calls, spent in every additive dimension."""

    calls: int = 0
    prompt_tokens: int = 0
    cached_prompt_tokens: int = 0
    """Included in `prompt_tokens`. Billed: what the server had. Attributed: what the calls of the
    same run had made the model read before."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Included in `completion_tokens`."""
    nanodollars: int | None = 0
    """None: the price is unknown."""
    flops: int | None = 0
    """2 · parameters · tokens; None: the model's size is unknown."""
    gpu_microseconds: int | None = 0
    """Device time of local engines; None: not measured."""
    fresh_tokens: int | None = None
    """Tokens that are computed where nothing is computed twice; None: nobody counted."""
    fresh_flops: int | None = None
    """`flops` of the fresh tokens alone."""
    fresh_nanodollars: int | None = None
    """`nanodollars` with the rest of the prompt at the rate of cached tokens."""
    retrievals: int = 0
    """Calls of a retriever, which `calls` counts too."""

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def dollars(self) -> float | None:
        return None if self.nanodollars is None else self.nanodollars / NANO

    @property
    def fresh_dollars(self) -> float | None:
        """Dollars, with what is not fresh at the price of cached tokens."""
        return None if self.fresh_nanodollars is None else self.fresh_nanodollars / NANO

    def __add__(self, other: Usage) -> Usage:
        dollars, more = self.nanodollars, other.nanodollars
        flops, more_flops = self.flops, other.flops
        device, more_device = self.gpu_microseconds, other.gpu_microseconds
        fresh, more_fresh = self.fresh_tokens, other.fresh_tokens
        spared, more_spared = self.fresh_flops, other.fresh_flops
        paid, more_paid = self.fresh_nanodollars, other.fresh_nanodollars
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
            fresh_tokens=None if fresh is None or more_fresh is None else fresh + more_fresh,
            fresh_flops=None if spared is None or more_spared is None else spared + more_spared,
            fresh_nanodollars=None if paid is None or more_paid is None else paid + more_paid,
            retrievals=self.retrievals + other.retrievals,
        )


NOTHING = Usage(fresh_tokens=0, fresh_flops=0, fresh_nanodollars=0)


class Budget(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ceiling per dimension; None means no ceiling. A budget never changes."""

    tokens: int | None = None
    """Prompt and completion tokens together, those of verifiers included."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    """Reserved as if every token of a draw were a thought."""
    calls: int | None = None
    nanodollars: int | None = None
    flops: int | None = None
    gpu_microseconds: int | None = None
    """Refused until a backend measures device time."""
    fresh_tokens: int | None = None
    """Prompt and completion tokens, each computed once in a run."""
    retrievals: int | None = None
    """Of documents, those of demonstrations included."""
    seconds: float | None = None
    """Wall-clock: a deadline, never reserved."""

    @classmethod
    def of_dollars(cls, dollars: float) -> Budget:
        return cls(nanodollars=round(dollars * NANO))

    @property
    def ceilings(self) -> dict[Dimension, int]:
        """The additive ceilings that are set."""
        ceilings: dict[Dimension, int] = {}
        for name in DIMENSIONS:
            if (value := getattr(self, name)) is not None:
                ceilings[name] = value
        return ceilings

    def after(self, spent: Usage, seconds: float = 0.0) -> Budget:
        """What is left of it, 0 at the least; an unknown spend leaves nothing of its ceiling."""
        left: dict[str, int | float | None] = {}
        for name, ceiling in self.ceilings.items():
            used = getattr(spent, name)
            left[name] = 0 if used is None else max(0, ceiling - used)
        if self.seconds is not None:
            left["seconds"] = max(0.0, self.seconds - seconds)
        return replace(self, **left)

    def allows(self, usage: Usage) -> bool:
        """Whether a usage lies within every ceiling; an unknown amount lies within none."""
        spent = ((getattr(usage, name), ceiling) for name, ceiling in self.ceilings.items())
        return all(value is not None and value <= ceiling for value, ceiling in spent)


def in_words(dimension: str, amount: float) -> str:
    """An exact amount as a budget is written: `$0.0021`, `1.5 gpu_seconds`, `4096 tokens`."""
    if dimension == "nanodollars":
        return f"${Decimal(int(amount)).scaleb(-9).normalize():f}"
    if dimension == "gpu_microseconds":
        return f"{Decimal(int(amount)).scaleb(-6).normalize():f} gpu_seconds"
    return f"{amount:.15g} {dimension}"


def unit_of(dimension: str) -> str:
    """What a user calls a dimension: its unit in budgets and in messages."""
    return {"nanodollars": "dollars", "gpu_microseconds": "gpu_seconds"}.get(dimension, dimension)
