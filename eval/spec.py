"""What a comparison is made of, before anything is opened: each option is key and flag as well.

Nothing heavy is imported here, so that the command line knows its flags without the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tts.options import SessionOptions, option
from tts.values import Budget

if TYPE_CHECKING:
    from tts.run import Strategy

Order = Literal["shuffled", "given"]
Selection = Literal["best", "weighted", "majority", "own"]


@dataclass(frozen=True, kw_only=True)
class ComparisonSpec:
    """Strategies × budgets × repeats over one problem set."""

    title: str
    problems: str
    """A file, `arithmetic:…`, `countdown:…`, `facts:…`, `replay:FILE` or a Hugging Face `owner/name`."""
    strategies: tuple[Strategy, ...]
    budgets: tuple[Budget, ...]
    options: SessionOptions = field(default_factory=SessionOptions)
    repeats: int = option(1, "Seeds per cell.", least=1)
    """The draws of one repeat are shared by all strategies and budgets."""
    limit: int | None = option(None, "Only so many problems.", least=1)
    """The first ones, after shuffling where `seed` is given."""
    seed: int | None = option(None, "Shuffle the problems before the limit.")
    order: Order = option("shuffled", "Of the problems as they run: shuffled, or given.")
    """Whatever their place in the report: shuffled by `seed` with the difficulty bins in
    proportion, so that a part is a fair sample, or as the source gives them."""
    bins: tuple[int, ...] = option((), "Keep a difficulty bin; repeat.")
    """Empty: all."""
    baseline: str = option("", "Strategy to compare with.")
    """Empty: the first one."""
    select: Selection = option("best", "By which strategies that name no rule of score select.")
    """`own`: by the default of each. A strategy that names its `select` keeps it, one whose default
    is a vote as well; a report says which rows differ."""
    wallet: Budget = field(default_factory=Budget)
    """What the whole job may be billed."""
    runtimes: Path | None = option(
        None, "Fits of tts tune --idealized: idealised seconds and joules."
    )
    """By the names of models, the verifier's too; a row that another model worked for has none."""
    task: str = option("math", "Task of problems that name none.")
    revision: str | None = option(None, "Commit of a hosted set.")
    skip_bad: bool = option(False, "Leave bad rows out, and list them.")
    window: int = option(64, "Problems open at once.", least=1)
