"""Draws from conversations that are put together from texts still to come."""

from __future__ import annotations

from typing import Any

from tts.run import Generation, Run
from tts.values import Usage


class Worded(Generation):
    """A generation that foresees the words that its conversation adds to the texts in it.

    Calls of it stand in the graph before their inputs are there, so that a budget decides about
    them in the order of submission, whatever ends first.
    """

    def __init__(self, run: Run, *, model: str = "", wording: str = "") -> None:
        """`wording`: all that is said beside the problem and the texts. `model`: a generator."""
        generators = run.settings.generators
        super().__init__(
            generators[model or next(iter(generators))],
            task=run.task,
            problem=run.problem,
            replicate=run.settings.seed,
        )
        self._wording = self.length(wording) if wording else 0

    def foresee(self, args: tuple[Any, ...], reach: int) -> Usage:
        return super().foresee(args, reach + self._wording)
