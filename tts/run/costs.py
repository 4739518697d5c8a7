"""What a Run pays: what its calls have paid for, and what its end may cost and is set aside for it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from tts.budget import unknown
from tts.errors import BudgetTooSmall
from tts.protocols import Mark, Prefix
from tts.run.generation import Generation
from tts.run.settings import RunSettings
from tts.values import NOTHING, Budget, Dimension, Usage, in_words


class Paid:
    """The beginnings of prompts that the models of one Run have computed, and its verdicts.

    Each prompt is paid for by the first charged call that has it, and later calls share it. What
    all of them pay together is the size of a tree of prompts, the same in whatever order they end.
    A child Run has its own: what it shares is then known whether or not its parent drops it.
    """

    __slots__ = ("_read", "verdicts")

    def __init__(self) -> None:
        self._read: set[tuple[str, Mark]] = set()
        self.verdicts: set[str] = set()
        """Keys of the verdicts, of which equal ones are the same."""

    def unread(self, model: str, prefixes: Iterable[Prefix], prompt_tokens: int) -> int:
        """How many tokens of a prompt the model has not computed; the whole prompt comes first."""
        shared = 0
        for place, (mark, count) in enumerate(prefixes):
            if mark is None or (model, mark) in self._read:
                shared = count() if place else prompt_tokens
                break
        return max(0, prompt_tokens - shared)

    def read(self, model: str, marks: Iterable[Mark | None]) -> None:
        """From now on the model has computed these."""
        self._read.update((model, mark) for mark in marks if mark is not None)


class WorstCases(Struct, frozen=True):
    """The least budget holds one of each."""

    forced: Usage = NOTHING
    """A short answer, forced from a text of the greatest length; nothing where draws are recorded:
    none was recorded."""
    draw: Usage = NOTHING
    """One whole solution."""

    @classmethod
    def of(cls, settings: RunSettings, operation: Generation) -> WorstCases:
        """By the default generator's operation and the sampling of a run, without prices."""
        sampling, problem = settings.sampling, settings.problem
        draw = operation.worst((problem, sampling, "end"), first=True)
        if operation.recorded:
            return cls(draw=draw)
        short = replace(sampling, max_tokens=settings.forced_tokens)
        reach = sampling.max_tokens + operation.length(settings.task.forced_answer)
        return cls(
            forced=operation.foresee((problem, short, "answer"), reach),
            draw=draw,
        )


def finish_reserve(
    budget: Budget, worst: WorstCases, *, stepwise: bool = False
) -> dict[Dimension, int]:
    """The share of `finish`, kept back from the start; raises where no call fits beside it.

    A stepwise search may have nothing finished at any time: its share holds the rest of a whole
    solution too, as far as one call still fits beside it.
    """
    share: dict[Dimension, int] = {}
    for name, ceiling in budget.ceilings.items():
        last, one = getattr(worst.forced, name), getattr(worst.draw, name)
        if last is None or one is None:
            raise unknown(name)
        need = last + one
        if need > ceiling:
            raise BudgetTooSmall(
                f"A budget of {in_words(name, ceiling)} is too small: one call and a last answer "
                f"may need {in_words(name, need)}. Give at least {in_words(name, need)}, or lower "
                "--max-tokens."
            )
        share[name] = min(need, ceiling - one) if stepwise else last
    return share
