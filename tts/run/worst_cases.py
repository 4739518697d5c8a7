"""What the end of a run and one whole draw may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tts.values import NOTHING, Usage

if TYPE_CHECKING:
    from tts.run.run import Run


class WorstCases(Struct, frozen=True):
    """The least budget holds one of each."""

    forced: Usage = NOTHING
    """A short answer, forced from a text of the greatest length."""
    draw: Usage = NOTHING
    """One whole solution."""

    @classmethod
    def of(cls, run: Run) -> WorstCases:
        """By the run's default generator and sampling, without prices."""
        sampling, operation = run.settings.sampling, run.generation()
        short = replace(sampling, max_tokens=run.settings.forced_tokens)
        reach = sampling.max_tokens + operation.length(run.task.forced_answer)
        return cls(
            forced=operation.foresee((run.problem, short, "answer"), reach),
            draw=operation.worst((run.problem, sampling, "end"), first=True),
        )
