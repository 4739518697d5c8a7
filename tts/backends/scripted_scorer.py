"""A step scorer that says what it is told to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tts.protocols import Meter, StepScoreReply, StepScoreRequest, charged
from tts.values import Message, Model

StepRule = Callable[[Sequence[Message], Sequence[str], int], float]
"""(question, steps, place of the step) to the probability that the step is right."""


class ScriptedScorer:
    """Scores each step by a dict (by the step's text, else `default`) or by a function."""

    def __init__(
        self,
        rule: Mapping[str, float] | StepRule,
        *,
        default: float = 0.5,
        model: Model | None = None,
    ) -> None:
        self._rule: StepRule = rule if callable(rule) else _by_text(rule, default)
        self._model = model or Model(name="scripted-scorer", parameters=0)
        self.requests: list[StepScoreRequest] = []

    @property
    def model(self) -> Model:
        return self._model

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """Words of the question and the steps, and one marker per step."""
        texts = [turn.content for turn in messages] + list(steps)
        return sum(len(text.split()) for text in texts) + len(steps)

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        self.requests.append(request)
        scores = tuple(
            self._rule(request.messages, request.steps, place)
            for place in range(len(request.steps))
        )
        tokens = self.count(request.messages, request.steps)
        meter.usage = charged(self.model, tokens)
        return StepScoreReply(scores=scores, usage=meter.usage)

    async def close(self) -> None:
        return None


def _by_text(known: Mapping[str, float], default: float) -> StepRule:
    return lambda _, steps, place: known.get(steps[place], default)
