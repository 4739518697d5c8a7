from __future__ import annotations

from typing import Any

from tts.answers import TASKS
from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.protocols import Meter, StepScoreReply, StepScoreRequest
from tts.values import Model, Problem, Usage
from tts.verifiers import OutcomeReward


class LikesLong:
    """A reward model that prefers more text."""

    model = Model(name="likes-long", parameters=1)

    def count(self, messages: Any, steps: Any) -> int:
        return sum(map(len, steps)) + 1

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        scores = tuple(len(step) / 100 for step in request.steps)
        meter.usage = Usage(calls=1, prompt_tokens=self.count((), request.steps))
        return StepScoreReply(scores=scores, usage=meter.usage)

    async def close(self) -> None: ...


async def test_an_outcome_model_reads_the_whole_text_as_one() -> None:
    policy = ScriptedGenerator(["\\boxed{1}", "a\n\nb\n\n\\boxed{2}"])
    verifier = OutcomeReward(LikesLong(), render=TASKS["arithmetic"].render)
    async with Engine(policy, verifier=verifier) as engine:
        result = await engine.solve(Problem(id="p", prompt="?"), strategy="best_of_n(n=2)")
    assert result.answer == "2"
    assert all(kept.score and kept.score.steps == () for kept in result.candidates)
