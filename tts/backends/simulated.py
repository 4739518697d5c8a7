"""Policies and a reward model whose quality is known."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from random import Random

from tts.backends.fault_server.plan import Latency
from tts.backends.scripted import cut, prompt_words, steps_words
from tts.protocols import (
    Defaults,
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
"""The right answer where none is given."""


class SimulatedPolicy(ABC):
    """Draws that depend on the request and their seed alone; tokens are words.

    `latency`, in seconds, is drawn from the same seed.
    """

    def __init__(self, model: Model, *, latency: Latency | None, seed: int) -> None:
        self.latency, self.seed = latency or Latency(), seed
        self._model = model

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(n=True, prefill=True, seed=True, keeps_stop=True)

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """Words of all turns and the prefix, and one for the assistant's turn."""
        return prompt_words(messages, prefix)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw, after the slowest draw's latency."""
        prompt = self.count_prompt(request.messages, request.prefix)
        meter.usage = charged(self.model, prompt)
        rngs = [self._rng(request, seed) for seed in request.seeds]
        await asyncio.sleep(max(self.latency.draw(rng) for rng in rngs))
        drawn = tuple(self._draw(request, rng) for rng in rngs)
        for position, draw in enumerate(drawn):
            if listener:
                listener(position, draw.text)
        tokens = sum(draw.completion_tokens for draw in drawn)
        meter.usage = charged(self.model, prompt, tokens, 0)
        return GenerateReply(completions=drawn, usage=meter.usage)

    async def close(self) -> None:
        return None

    @abstractmethod
    def _rng(self, request: GenerateRequest, seed: int) -> Random:
        """What one draw is drawn from."""

    @abstractmethod
    def _draw(self, request: GenerateRequest, rng: Random) -> Completion:
        """One draw."""


class SimulatedGenerator(SimulatedPolicy):
    """Answers rightly with a known probability, otherwise with one of `wrong` wrong answers.

    A draw has `steps` steps apart by a blank line, the last of which boxes the answer.
    """

    def __init__(
        self,
        success: float,
        *,
        truth: Truth = lambda _: TRUTH,
        wrong: int = 4,
        steps: int = 3,
        latency: Latency | None = None,
        seed: int = 0,
        model: Model | None = None,
    ) -> None:
        super().__init__(model or Model(name="simulated", parameters=0), latency=latency, seed=seed)
        self._success, self._truth = success, truth
        self._wrong, self._steps = wrong, steps

    @property
    def defaults(self) -> Defaults:
        return Defaults(max_tokens=64)

    def _rng(self, request: GenerateRequest, seed: int) -> Random:
        turns = "\x1e".join(turn.content for turn in request.messages)
        return Random(f"{self.seed}\x1f{seed}\x1f{turns}\x1f{request.prefix}")

    def _draw(self, request: GenerateRequest, rng: Random) -> Completion:
        right = self._truth(request.messages[-1].content)
        hit = rng.random() < self._success
        answer = right if hit else f"wrong {rng.randrange(self._wrong)}"
        begun = request.prefix.count(STEP_SEPARATOR)
        told = [
            f"Step {place + 1}: we find {rng.randrange(100)}."
            for place in range(begun, self._steps - 1)
        ]
        return _ended(told, answer, request)


class SimulatedSteps(SimulatedPolicy):
    """Each step is right with probability `success`; one slip spoils the answer.

    A solution has `least` to `most` steps and ends with a boxed answer: `42` where no step
    slipped, otherwise one of the `wrong` numbers after it. `variety`: different wordings of a
    step. `requests` keeps what was asked.
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
        super().__init__(
            model or Model(name="simulated-steps", parameters=0), latency=latency, seed=seed
        )
        self.success, self.least, self.most = success, least, most
        self.wrong, self.variety = wrong, variety
        self.requests: list[GenerateRequest] = []

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        self.requests.append(request)
        return await super().generate(request, meter, listener)

    def _rng(self, request: GenerateRequest, seed: int) -> Random:
        return Random(f"{self.seed}|{seed}|{request.prefix}")

    def _draw(self, request: GenerateRequest, rng: Random) -> Completion:
        steps = [step for step in request.prefix.split(STEP_SEPARATOR) if step.strip()]
        told: list[str] = []
        length = rng.randint(self.least, self.most)
        while len(steps) + len(told) < length - 1:
            word = "fine" if rng.random() < self.success else SLIP
            told.append(f"Step {len(steps) + len(told) + 1}: {word} {rng.randrange(self.variety)}.")
        slipped = any(SLIP in step for step in (*steps, *told)) or rng.random() >= self.success
        answer = int(TRUTH) + 1 + rng.randrange(self.wrong) if slipped else TRUTH
        return _ended(told, answer, request)


def _ended(told: Sequence[str], answer: object, request: GenerateRequest) -> Completion:
    """Steps and the boxed answer, as a server would end them."""
    text = STEP_SEPARATOR.join([*told, f"The answer is \\boxed{{{answer}}}."])
    return cut(text, request.sampling.stop, request.sampling.max_tokens)


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
        return steps_words(messages, steps)

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
