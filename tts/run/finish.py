"""What the end of a run may cost, and what is set aside for it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from tts.budget import unknown
from tts.errors import BudgetTooSmall
from tts.run.generation import Generation
from tts.run.settings import RunSettings
from tts.values import NOTHING, Budget, Dimension, Usage, in_words


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
