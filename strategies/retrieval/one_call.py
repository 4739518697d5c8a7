"""One call for an answer: from nothing, from demonstrations, from documents, from both."""

from __future__ import annotations

from msgspec.structs import replace

from tts.run import Run
from tts.strategies.base import at_least
from tts.strategies.parts.select import most_voted
from tts.strategies.retrieval.base import AnswerCall, Reading, Source, read, stopping, worked
from tts.strategies.retrieval.prompts import ANSWER, KNOW, READ, block, prompt
from tts.values import Candidate, Demonstration, Kept, Message, Problem


class ZeroShotQA(Reading):
    """The question alone: what the model knows by heart. The baseline of every comparison."""

    name = "zero_shot_qa"

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        return await answered(self, problem, run, k=0, m=0)


class ManyShotQA(Reading):
    """`m` demonstrations and the question, no documents (Agarwal et al. 2024)."""

    name = "many_shot_qa"

    m: int = 8
    """Demonstrations."""

    def check(self) -> None:
        super().check()
        at_least(0, m=self.m)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        return await answered(self, problem, run, k=0, m=self.m)


class RAG(Reading):
    """`k` documents and the question, the best document next to it."""

    name = "rag"

    k: int = 10
    """Documents."""

    def check(self) -> None:
        super().check()
        at_least(0, k=self.k)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        return await answered(self, problem, run, k=self.k, m=0)


class DRAG(Reading):
    """Demonstration-based RAG: `m` demonstrations, each with `k` documents of its own, before the
    question with its `k` (Yue et al. 2025, section 3.2).

    Documents stand in reverse order, so that the best is next to the question, and are cut at 1,024
    words. The prompt grows with (m + 1) · k.
    """

    name = "drag"

    k: int = 10
    """Documents of the question, and of each demonstration."""
    m: int = 1
    """Demonstrations."""

    def check(self) -> None:
        super().check()
        at_least(0, k=self.k, m=self.m)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        return await answered(self, problem, run, k=self.k, m=self.m)


async def answered(
    strategy: Reading, problem: Problem, run: Run, *, k: int, m: int
) -> Candidate | None:
    """The vote of `samples` answers to one prompt."""
    messages = await written(problem, run, k=k, m=m)
    sampling = replace(run.sampling, temperature=strategy.draws_at(run.sampling.temperature))
    sampling = stopping(run, sampling, "\nQuestion:", "\nDocuments:")
    operation = AnswerCall(run, of=strategy.name)
    draws = [run.call(operation, messages, sampling, "end") for _ in range(strategy.samples)]
    kept = await run.all([run.call(Kept, draw) for draw in draws])
    answer: Candidate | None = await run.call(most_voted, kept, run)
    return answer


async def written(problem: Problem, run: Run, *, k: int, m: int) -> tuple[Message, ...]:
    """The prompt, once all its documents are there; they are retrieved side by side."""
    shots = worked(run, m)
    sources = [_documents(run, shot, k) for shot in shots]
    *theirs, own = await read(run, [*sources, run.retrieve(problem.prompt, k) if k else ()])
    blocks = [
        block(mine, shot.question, f"{ANSWER} {shot.answer}")
        for shot, mine in zip(shots, theirs, strict=True)
    ]
    instruction = READ if k else KNOW
    return prompt(instruction, blocks, block(own, problem.prompt, ANSWER))


def _documents(run: Run, shot: Demonstration, k: int) -> Source:
    """What a demonstration is shown with: what it brings, else what is found for its question."""
    if k and not shot.documents:
        return run.retrieve(shot.question, k)
    return run.rewritten(shot.question, shot.documents[:k]) if k else ()
