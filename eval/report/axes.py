"""What a run costs: the axes that a reader may choose from. Each is spelled here, once: a new one is
one more line of `AXES` and a name of `Cost`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from msgspec import Struct

from tts.errors import UnknownName
from tts.eval.report import wording
from tts.eval.report.rows import Row
from tts.values import Usage

Cost = Literal[
    "tokens",
    "fresh",
    "generated",
    "flops",
    "fresh-flops",
    "dollars",
    "fresh-dollars",
    "seconds",
    "idealised-seconds",
    "joules",
]
COSTS: tuple[Cost, ...] = get_args(Cost)


class Axis(Struct, frozen=True):
    """One way of saying what runs cost."""

    name: Cost
    title: str
    """In a table, of a mean per run."""
    counts: str
    """What it counts, in words."""
    of: Callable[[Row], float | None]
    """The mean of a row's runs; None: unknown."""
    format: Callable[[float], str]
    short: Callable[[float], str]
    """For the ticks of a figure."""

    @property
    def word(self) -> str:
        """The title without `per run`."""
        return self.title.partition("/")[0]


def attributed(amount: Callable[[Usage], float | None]) -> Callable[[Row], float | None]:
    """The mean of an amount of the runs' attributed usage."""
    return lambda row: row.mean(amount(row.attributed))


_COUNT = (wording.count, wording.short)
_MONEY = (wording.money, wording.short_money)
_SHORT = (wording.short, wording.short)

# fmt: off
AXES: tuple[Axis, ...] = (
    Axis("tokens", "tokens/run", "tokens sent and generated, verifiers included",
         attributed(lambda usage: usage.tokens), *_COUNT),
    Axis("fresh", "fresh/run", "tokens without those that the run had computed before",
         attributed(lambda usage: usage.fresh_tokens), *_COUNT),
    Axis("generated", "generated/run", "tokens generated, verifiers' own included, nothing read",
         attributed(lambda usage: usage.completion_tokens), *_COUNT),
    Axis("flops", "FLOPs/run", "FLOPs, 2 · parameters · tokens",
         attributed(lambda usage: usage.flops), *_SHORT),
    Axis("fresh-flops", "fresh FLOPs/run", "FLOPs of the fresh tokens",
         attributed(lambda usage: usage.fresh_flops), *_SHORT),
    Axis("dollars", "$/run", "dollars at list prices, without cache discounts",
         attributed(lambda usage: usage.dollars), *_MONEY),
    Axis("fresh-dollars", "fresh $/run", "dollars, what is not fresh at the price of cached tokens",
         attributed(lambda usage: usage.fresh_dollars), *_MONEY),
    Axis("seconds", "s/run", "seconds from the start of a run to its end, as they were",
         lambda row: row.seconds_per_run, wording.hundredths, wording.short),
    Axis("idealised-seconds", "idealised s/run", "seconds of an idle machine, call after call",
         lambda row: row.mean(row.idealised_seconds), wording.hundredths, wording.short),
    Axis("joules", "J/run", "joules of those seconds, as devices were measured",
         lambda row: row.mean(row.joules), *_SHORT),
)
# fmt: on


def axis_of(name: str) -> Axis:
    """The axis of that name; `UnknownName` names the others."""
    found = next((axis for axis in AXES if axis.name == name), None)
    if found is None:
        raise UnknownName("cost axis", name, COSTS, flag="--cost-axis")
    return found
