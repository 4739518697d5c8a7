"""What every strategy is made of: its fields are its parameters, checked when it is built."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, dataclass_transform

from tts.run import Run
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Select
from tts.values import Candidate, Problem


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
class StrategyBase:
    """A strategy whose annotated fields are its parameters, all by keyword.

    A subclass states `name`, its fields with their defaults, `check`, `selection` and `solve`. Field
    names, values and order are part of every run's identity and of how a strategy is spelled.
    """

    name: ClassVar[str]
    bounded: ClassVar[bool] = False
    """Whether calls do not depend on what earlier ones brought: a dry run is then a bound."""
    stepwise: ClassVar[bool] = False
    """Whether solutions grow step by step: room for a whole draw is then kept for the end."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(kw_only=True, frozen=True, eq=False)(cls)

    def __post_init__(self) -> None:
        self.check()
        self.selection()

    @property
    def parameters(self) -> dict[str, Any]:
        """The fields, in their order, as JSON-able data."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def check(self) -> None:
        """ValueError for a parameter that cannot be."""

    def selection(self) -> Select:
        """How the answer is chosen among what was finished, also where the run ends early;
        ValueError where it is none."""
        raise NotImplementedError

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        """The best candidate, by calls on `run`."""
        raise NotImplementedError

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        """The best candidate of what there is, after a refusal or at the deadline."""
        return await finish(problem, run, self.selection())


def at_least(least: int, /, **values: int) -> None:
    """ValueError for the first named value that is no whole number of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} is a whole number of at least {least}, not {value!r}.")
