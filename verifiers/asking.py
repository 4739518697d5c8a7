"""The operation behind a judge: one question to a model about candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from tts.protocols import Answer, Draw, GenerateRequest, Generator, Meter, OperationSpec, charged
from tts.values import Candidate, Completion, Message, Problem, Sampling, Usage
from tts.verifiers.step_scoring import foreseen_problem

Subject = Candidate | Sequence[Candidate]
"""What a judge is asked about: one candidate, or several of one problem."""


class Wording(Protocol):
    """How a question is put, and how its answer is read."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changed with the words: part of every call's key."""
        ...

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        """The question about one text or several."""
        ...

    def read(self, completion: Completion, texts: int) -> Any:
        """The verdict; raises BadReply where the answer holds none."""
        ...

    def pretended(self, texts: int) -> str:
        """An answer that `read` accepts, for dry runs."""
        ...


class Asking:
    """Puts a wording's question to a generator; the argument of a call is the subject.

    A judge's calls stand on the graph like any other: they are priced, journalled and found again.
    """

    content_type = Completion

    def __init__(self, generator: Generator, *, wording: Wording, sampling: Sampling) -> None:
        self.generator, self.wording = generator, wording
        can = generator.capabilities.logprobs
        self.sampling = sampling if can else replace(sampling, logprobs=None)
        self.spec = OperationSpec(
            name=f"judge/{wording.name}",
            version=wording.version,
            role="judge",
            effect="pure",
            model=generator.model.name,
            revision=generator.model.revision,
            pool=generator.model.name,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        candidates = _listed(args[0])
        texts = [one.text for one in candidates]
        return (candidates[0].problem.id, self._messages(args), texts, self.sampling)

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return not self.sampling.greedy

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        prompt = self.generator.count_prompt(self._messages(args), "")
        return charged(self.generator.model, prompt, self.sampling.max_tokens)

    def foresee(self, args: tuple[Any, ...], reach: int) -> Usage:
        subjects = args[0] if isinstance(args[0], list | tuple) else [args[0]]
        problem = foreseen_problem(subjects[0])
        asked = self.wording.messages(problem, [""] * len(subjects)) if problem else ()
        prompt = self.generator.count_prompt(asked, "")
        return charged(self.generator.model, prompt + reach, self.sampling.max_tokens)

    def growth(self, args: tuple[Any, ...]) -> int:
        return 0

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return charged(
            self.generator.model,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
        )

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        request = GenerateRequest(
            messages=self._messages(args),
            sampling=self.sampling,
            seeds=tuple(draw.seed for draw in draws),
            indices=tuple(draw.index for draw in draws),
        )
        reply = await self.generator.generate(request, meter)
        return reply.answer("The judge returned fewer answers than asked for.")

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return self.wording.read(content, len(_listed(args[0])))

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        text = self.wording.pretended(len(_listed(args[0])))
        tokens = self.sampling.max_tokens
        return Completion(text=text, finish_reason="stop", completion_tokens=tokens)

    def _messages(self, args: tuple[Any, ...]) -> tuple[Message, ...]:
        candidates = _listed(args[0])
        return self.wording.messages(candidates[0].problem, [one.text for one in candidates])


def _listed(subject: Subject) -> list[Candidate]:
    return [subject] if isinstance(subject, Candidate) else list(subject)
