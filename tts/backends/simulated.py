"""Policies and a reward model whose quality is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from tts.backends.fault_server.plan import Latency
from tts.backends.scripted import cut
from tts.protocols import (
    GenerateReply,
    GenerateRequest,
    Meter,
    StepScoreReply,
    StepScoreRequest,
    TextListener,
    charged,
)
from tts.values import STEP_SEPARATOR, Capabilities, Completion, Message, Model

Truth = Callable[[str], str]
"""The right answer to a question, given as the last user turn."""

SLIP = "slip"
"""The word by which a wrong step is known."""
TRUTH = "42"


class SimulatedGenerator:
    """Answers rightly with a known probability, otherwise with one of `wrong` wrong answers.

    A draw depends on (prompt, prefix, seed) alone: `steps` steps apart by a blank line, the last
    of which boxes the answer. Tokens are words. `latency` is drawn from the same seed; seconds.
    """

    def __init__(
        self,
        success: float,
        *,
        truth: Truth = lambda _: "42",
        wrong: int = 4,
        steps: int = 3,
        latency: Latency | None = None,
        seed: int = 0,
        model: Model | None = None,
    ) -> None:
        self._success = success
        self._truth = truth
        self._wrong = wrong
        self._steps = steps
        self._latency = latency or Latency()
        self._seed = seed
        self._model = model or Model(name="simulated", parameters=0)

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(n=True, prefill=True, seed=True, keeps_stop=True)

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """Words of all turns and the prefix, and one for the assistant's turn."""
        return sum(len(turn.content.split()) for turn in messages) + len(prefix.split()) + 1

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw, after the slowest draw's latency."""
        prompt = self.count_prompt(request.messages, request.prefix)
        meter.usage = charged(self.model, prompt)
        rngs = [self._rng(request, seed) for seed in request.seeds]
        await asyncio.sleep(max(self._latency.draw(rng) for rng in rngs))
        drawn = tuple(self._draw(request, rng) for rng in rngs)
        for position, draw in enumerate(drawn):
            if listener:
                listener(position, draw.text)
        tokens = sum(draw.completion_tokens for draw in drawn)
        meter.usage = charged(self.model, prompt, tokens, 0)
        return GenerateReply(completions=drawn, usage=meter.usage)

    async def close(self) -> None:
        return None

    def _rng(self, request: GenerateRequest, seed: int) -> Random:
        turns = "\x1e".join(turn.content for turn in request.messages)
        return Random(f"{self._seed}\x1f{seed}\x1f{turns}\x1f{request.prefix}")

    def _draw(self, request: GenerateRequest, rng: Random) -> Completion:
        right = self._truth(request.messages[-1].content)
        hit = rng.random() < self._success
        answer = right if hit else f"wrong {rng.randrange(self._wrong)}"
        begun = request.prefix.count("\n\n")
        told = [
            f"Step {place + 1}: we find {rng.randrange(100)}."
            for place in range(begun, self._steps - 1)
        ]
        told.append(f"The answer is \\boxed{{{answer}}}.")
        return cut("\n\n".join(told), request.sampling.stop, request.sampling.max_tokens)


class SimulatedSteps:
    """Each step is right with probability `success`; one slip spoils the answer.

    A solution has `least` to `most` steps and ends with a boxed answer: `42` where no step
    slipped, otherwise one of the `wrong` numbers after it. A draw depends on (question, prefix, seed) alone.
    Tokens are words. `variety`: different wordings of a step. `latency`: seconds.
    """

    def __init__(
        self,
        success: float = 0.8,
        *,
        least: int = 3,
        most: int = 3,
        wrong: int = 4,
        variety: int = 1000,
        latency: Latency | None = None,
        seed: int = 0,
        model: Model | None = None,
    ) -> None:
        self.success, self.least, self.most = success, least, most
        self.wrong, self.variety, self.seed = wrong, variety, seed
        self.latency = latency or Latency()
        self.requests: list[GenerateRequest] = []
        self._model = model or Model(name="simulated-steps", parameters=0)

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(n=True, prefill=True, seed=True, keeps_stop=True)

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """Words of all turns and the prefix, and one for the assistant's turn."""
        return sum(len(turn.content.split()) for turn in messages) + len(prefix.split()) + 1

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw, after the slowest draw's latency."""
        self.requests.append(request)
        prompt = self.count_prompt(request.messages, request.prefix)
        meter.usage = charged(self.model, prompt)
        rngs = [Random(f"{self.seed}|{seed}|{request.prefix}") for seed in request.seeds]
        await asyncio.sleep(max(self.latency.draw(rng) for rng in rngs))
        drawn = tuple(self._draw(request, rng) for rng in rngs)
        tokens = sum(draw.completion_tokens for draw in drawn)
        meter.usage = charged(self.model, prompt, tokens, 0)
        return GenerateReply(completions=drawn, usage=meter.usage)

    async def close(self) -> None:
        return None

    def _draw(self, request: GenerateRequest, rng: Random) -> Completion:
        steps = [step for step in request.prefix.split(STEP_SEPARATOR) if step.strip()]
        told: list[str] = []
        length = rng.randint(self.least, self.most)
        while len(steps) + len(told) < length - 1:
            word = "fine" if rng.random() < self.success else SLIP
            told.append(f"Step {len(steps) + len(told) + 1}: {word} {rng.randrange(self.variety)}.")
        slipped = any(SLIP in step for step in (*steps, *told)) or rng.random() >= self.success
        answer = int(TRUTH) + 1 + rng.randrange(self.wrong) if slipped else TRUTH
        told.append(f"The answer is \\boxed{{{answer}}}.")
        return cut(STEP_SEPARATOR.join(told), request.sampling.stop, request.sampling.max_tokens)


class SimulatedScorer:
    """Knows which steps slipped: scores them around `0.5 - gap / 2`, right ones `0.5 + gap / 2`.

    From the first slip on, no step is right. `noise` is the standard deviation around these
    scores; the same text always has the same score. `latency`: seconds.
    """

    def __init__(
        self,
        gap: float = 0.6,
        *,
        noise: float = 0.1,
        latency: Latency | None = None,
        model: Model | None = None,
    ) -> None:
        self.gap, self.noise, self.latency = gap, noise, latency or Latency()
        self.requests: list[StepScoreRequest] = []
        self._model = model or Model(name="simulated-scorer", parameters=0)

    @property
    def model(self) -> Model:
        return self._model

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """Words of the question and the steps, and one marker per step."""
        texts = [turn.content for turn in messages] + list(steps)
        return sum(len(text.split()) for text in texts) + len(steps)

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        self.requests.append(request)
        rng = Random(STEP_SEPARATOR.join(request.steps))
        await asyncio.sleep(self.latency.draw(rng))
        spoilt, scores = False, list[float]()
        for step in request.steps:
            spoilt = spoilt or SLIP in step or ("boxed{" in step and TRUTH not in step)
            centre = 0.5 + (-0.5 if spoilt else 0.5) * self.gap
            scores.append(min(1.0, max(0.0, rng.gauss(centre, self.noise))))
        meter.usage = charged(self.model, self.count(request.messages, request.steps))
        return StepScoreReply(scores=tuple(scores), usage=meter.usage)

    async def close(self) -> None:
        return None
