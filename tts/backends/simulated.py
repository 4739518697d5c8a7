"""A policy whose quality is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from tts.backends.fault_server.plan import Latency
from tts.backends.scripted import cut
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener, charged
from tts.values import Capabilities, Completion, Message, Model

Truth = Callable[[str], str]
"""The right answer to a question, given as the last user turn."""


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
