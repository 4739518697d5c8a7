"""What the end of a run and one whole draw may cost."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from tts.run.generation import Generation
from tts.run.settings import RunSettings
from tts.values import NOTHING, Usage


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
