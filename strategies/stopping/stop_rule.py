"""The rules by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from tts.strategies.stopping.beta import Beta
from tts.strategies.stopping.consensus import Consensus
from tts.strategies.stopping.dirichlet import Dirichlet
from tts.strategies.stopping.expected_gain import ExpectedGain
from tts.strategies.stopping.seen import Seen
from tts.strategies.stopping.unanimous_window import UnanimousWindow

StopName = Literal["never", "beta", "dirichlet", "window", "consensus", "gain"]


class StopRule(Protocol):
    """Says when further draws are not worth their cost: a pure function of what was seen."""

    def stops(self, seen: Seen) -> bool: ...


class Never:
    """Draw them all."""

    def stops(self, seen: Seen) -> bool:
        return False


STOP_RULES: Mapping[StopName, Callable[[], StopRule]] = {
    "never": Never,
    "beta": Beta,
    "dirichlet": Dirichlet,
    "window": UnanimousWindow,
    "consensus": Consensus,
    "gain": ExpectedGain,
}
"""By the name that a strategy's `stop` parameter takes, with the published defaults."""


def stop_rule(name: StopName) -> StopRule:
    """The rule of that name; ValueError names the known ones."""
    if name not in STOP_RULES:
        raise ValueError(f"stop is one of {', '.join(STOP_RULES)}, not {name!r}.")
    return STOP_RULES[name]()
