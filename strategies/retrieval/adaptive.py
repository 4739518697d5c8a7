"""Per question: cheap probes first, more documents, hops and samples only where they pay."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from tts.run import Node, Run
from tts.strategies.base import at_least
from tts.strategies.parts.select import Select, last_answered, most_voted
from tts.strategies.retrieval.base import AnswerCall, Documents, Reading, fits, stopping
from tts.strategies.retrieval.confidence import (
    AGREEMENT,
    QuestionPolicy,
    Said,
    read_question_policy,
    signs,
)
from tts.strategies.retrieval.iterdrag import Chain, IterDRAG, Trail
from tts.strategies.retrieval.prompts import ANSWER, KNOW, READ, block, prompt
from tts.values import Candidate, Kept, Message, Problem, Sampling, Usage


class AdaptiveRAG(Reading):
    """Answer from nothing and from one document; where they do not agree from `k` documents; where
    that is not trusted by up to `n` hops; then by a vote with `samples` further answers.

    What is trusted is said by a policy that `tts question-policy` fitted; without one, answers
    that agree. Every step is taken only while its worst case fits beside what the budget keeps for
    the last answer, and the run says what ended it. The probes are calls like any other. An answer
    that no other says and whose chance is below `abstain` is none.
    """

    name = "adaptive_rag"

    k: int = 10
    """Documents of the question, and of each sub-question."""
    n: int = 2
    """Hops, at most; 0: none."""
    samples: int = 1
    """Further answers that vote where hops, too, gave an answer of their own."""
    abstain: float = 0.0
    """Least chance of an answer that is given, 0…1."""
    policy: str = ""
    """A policy file; empty: answers that agree are kept."""
    digest: str = ""
    """Of its content; empty: whatever stands in the file now."""

    @property
    def parameters(self) -> dict[str, Any]:
        return super().parameters | {"digest": self.fitted.digest if self.policy else ""}

    def check(self) -> None:
        at_least(0, samples=self.samples, n=self.n)
        at_least(1, k=self.k)
        if not 0 <= self.abstain <= 1:
            raise ValueError(f"abstain is a chance between 0 and 1, not {self.abstain!r}.")
        now = self.fitted.digest if self.policy else ""
        if self.digest and self.digest != now:
            raise ValueError(
                f"policy={self.policy!r} has the digest {now or 'none'}, not {self.digest}: it was "
                "fitted again, or moved."
            )

    @cached_property
    def fitted(self) -> QuestionPolicy:
        """What stands in the file."""
        return read_question_policy(Path(self.policy)) if self.policy else AGREEMENT

    def selection(self) -> Select:
        return last_answered

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        found = run.retrieve(problem.prompt, self.k)
        closed = self._answer(problem, (), run)
        documents = await run.all([found])
        read = documents[0] if documents else ()
        probes = [closed, *([self._answer(problem, read[:1], run)] if read else [])]
        asked = Asked(self.fitted, run, list(await run.all(probes)))
        if asked.settled("the probes"):
            return asked.answer
        if len(read) > 1 and asked.affords([self._worst(problem, read, run)], "more documents"):
            asked.drawn += await run.all([self._answer(problem, read, run)])
            if asked.settled("more documents"):
                return asked.answer
        if self.n:
            asked.drawn += [await self._hops(problem, read, run)]
            if asked.settled("hops"):
                return asked.answer
        await self._again(problem, read, asked, run)
        return await asked.voted(self.abstain)

    def _call(
        self, problem: Problem, documents: Documents, run: Run, heat: float = 0.0
    ) -> tuple[AnswerCall, tuple[tuple[Message, ...], Sampling, Literal["end"]]]:
        instruction = READ if documents else KNOW
        messages = prompt(instruction, [], block(documents, problem.prompt, ANSWER))
        sampling = replace(run.sampling, temperature=heat)
        sampling = stopping(run, sampling, "\nQuestion:", "\nDocuments:")
        return AnswerCall(run, of=self.name), (messages, sampling, "end")

    def _answer(
        self, problem: Problem, documents: Documents, run: Run, heat: float = 0.0
    ) -> Node[Candidate | None]:
        operation, args = self._call(problem, documents, run, heat)
        node: Node[Candidate | None] = run.call(operation, *args)
        return node

    def _worst(self, problem: Problem, documents: Documents, run: Run) -> Usage:
        operation, args = self._call(problem, documents, run)
        return operation.worst(args, first=True)

    async def _hops(self, problem: Problem, read: Documents, run: Run) -> Candidate | None:
        """The answer of one chain from the documents that are there."""
        chain = Chain(IterDRAG(k=self.k, n=self.n), (), replace(run.sampling, temperature=0.0))
        return await chain.follow(Trail(problem.prompt, read), run=run)

    async def _again(self, problem: Problem, read: Documents, asked: Asked, run: Run) -> None:
        """Further samples from the documents, as many as are afforded at once."""
        heat = run.sampling.temperature if self.temperature is None else self.temperature
        worst = self._worst(problem, read, run)
        n = self.samples
        while n and not asked.affords([worst] * n, f"{n} more samples"):
            n -= 1
        asked.drawn += await run.all([self._answer(problem, read, run, heat) for _ in range(n)])


class Asked:
    """What was answered so far, in the order of what it cost to ask."""

    def __init__(self, policy: QuestionPolicy, run: Run, drawn: Sequence[Candidate | None]) -> None:
        self.policy, self.run, self.drawn = policy, run, list(drawn)

    @property
    def answered(self) -> list[Candidate]:
        return [one for one in self.drawn if one is not None and one.answer is not None]

    @property
    def answer(self) -> Candidate | None:
        """The latest."""
        return self.answered[-1] if self.answered else None

    def confidence(self, one: Candidate | None) -> float:
        """The chance that an answer is right beside whichever other says most for it."""
        others = [Said.by(other) for other in self.answered if other is not one]
        return max(
            self.policy.confidence(other, Said.by(one)) for other in (others or [Said(None)])
        )

    def settled(self, step: str) -> bool:
        """Whether the latest answer is trusted; says so."""
        chance = self.confidence(self.answer)
        if self.answer is None or not self.policy.trusts(chance):
            return False
        self.run.explain(f"The answer after {step} is trusted.", confidence=chance)
        return True

    def affords(self, worst: Sequence[Usage], step: str) -> bool:
        """Whether what is left holds these calls; says so where it does not."""
        if fits(self.run, worst):
            return True
        self.run.explain(f"What is left does not hold {step} in the worst case.")
        return False

    async def voted(self, least: float) -> Candidate | None:
        """The answer that most calls give, of equals the latest; None where it is alone and its
        chance below `least`."""
        latest_first = list(reversed(self.answered))
        found = await most_voted([Kept(one) for one in latest_first], self.run)
        if found is None:
            return None
        chance = self.confidence(found)
        alone = sum(signs(Said.by(one), Said.by(found))["agreement"] == 1 for one in self.answered)
        if alone == 1 and chance < least:
            self.run.explain("No two answers agree, and none is sure enough.", confidence=chance)
            return None
        self.run.explain(
            "No answer was trusted by itself: most calls say this one.", confidence=chance
        )
        return found
