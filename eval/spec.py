"""What a comparison is made of, before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tts.engine import SessionOptions
from tts.protocols import Strategy
from tts.values import Budget

Order = Literal["shuffled", "given"]


@dataclass(frozen=True, kw_only=True)
class ComparisonSpec:
    """Strategies × budgets × repeats over one problem set."""

    title: str
    problems: str
    """A file, `arithmetic:…`, `replay:FILE` or a Hugging Face `owner/name`."""
    strategies: tuple[Strategy, ...]
    budgets: tuple[Budget, ...]
    options: SessionOptions = field(default_factory=SessionOptions)
    repeats: int = 1
    """Seeds per cell; the draws of one repeat are shared by all strategies and budgets."""
    limit: int | None = None
    """The first so many problems, after shuffling where `seed` is given."""
    seed: int | None = None
    order: Order = "shuffled"
    """In which the problems run, whatever their place in the report: shuffled by `seed` with the
    difficulty bins in proportion, so that a part is a fair sample, or as the source gives them."""
    bins: tuple[int, ...] = ()
    """Difficulty bins to keep; empty: all."""
    revision: str | None = None
    task: str = "math"
    skip_bad: bool = False
    baseline: str = ""
    """Name of the strategy that the others are compared with; empty: the first one."""
    wallet: Budget = field(default_factory=Budget)
    """What the whole job may be billed."""
    window: int = 64
    """Problems open at once."""
