"""Searches over a simulated policy and reward model whose truth is known."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.fault_server.plan import Latency
from tts.backends.scripted import ScriptedGenerator
from tts.backends.simulated import SimulatedScorer, SimulatedSteps
from tts.budget import PriceTable
from tts.engine import Job, Session
from tts.engine.estimate import Estimate, estimate
from tts.equivalence import Equivalence
from tts.executor import Limits
from tts.executor.gate import Gate
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import UseRow
from tts.retrieval import BM25, Corpus, Retrieval
from tts.values import Budget, Demonstration, Document, Hop, Problem, Result, Sampling, Usage

PRICES = PriceTable.load(None)
SHELF = Corpus(
    (
        Document("six", "Six times seven is the number of a bus.", "Bus"),
        Document("seven", "Seven sisters live on the hill.", "Hill"),
        Document("eight", "Eight is twice four."),
    )
)
SHOTS = tuple(
    Demonstration(
        question=f"What is {n} times seven?", answer=f"{7 * n}", hops=(Hop("seven?", "7"),)
    )
    for n in range(2, 10)
)


class Forest:
    """Runs strategies on a simulated policy, in a time that jumps."""

    problem = Problem(id="p", prompt="What is six times seven?", task="arithmetic")

    def __init__(self, lab: Any) -> None:
        self.lab = lab

    def session(
        self,
        policy: Any = None,
        scorer: Any = None,
        *,
        spread: float = 0.0,
        max_tokens: int = 12,
        limit: int = 512,
        models: Any = None,
    ) -> Session:
        """`spread`: how much latencies differ; the draws stay the same."""
        latency = Latency(kind="lognormal", median=1.0, sigma=spread) if spread else Latency()
        policy = policy or SimulatedSteps(latency=latency)
        scorer = scorer or SimulatedScorer(latency=latency)
        return Session(
            generators={"default": policy, **(models or {})},
            verifier=self.lab.Judging(scorer, policy, "last"),
            equivalence=Equivalence(),
            prices=PRICES,
            limits=Limits(gate=Gate(limit)),
            sampling=Sampling(max_tokens=max_tokens),
            retrieval=Retrieval(BM25(SHELF)),
            demonstrations=SHOTS,
        )

    def grow(
        self,
        strategy: Any,
        *,
        budget: Budget | None = None,
        journal: Any = None,
        seed: int = 0,
        **how: Any,
    ) -> Result:
        """One search, from its first call to its answer."""
        book = journal if journal is not None else MemoryJournal(job="lab")

        async def search() -> Result:
            await book.load(self.problem.id)
            job = Job(self.session(**how), name="lab", journal=book, leases=MemoryLeases())
            async with job:
                return await job.solve(self.problem, strategy, budget, replicate=seed)

        result: Result = self.lab.run(search())
        return result

    def by_depth(self, *levels: list[str]) -> ScriptedGenerator:
        """Draw i of a prefix of d steps says levels[d][i], cyclically; the last level stays."""

        def say(_: Any, prefix: str, index: int) -> str:
            depth = sum(bool(step.strip()) for step in prefix.split("\n\n"))
            lines = levels[min(depth, len(levels) - 1)]
            return lines[index % len(lines)]

        return ScriptedGenerator(say)

    def estimate(self, strategy: Any, **how: Any) -> Estimate:
        """The dry run."""
        found: Estimate = self.lab.run(estimate(self.problem, strategy, self.session(**how)))
        return found

    def tree(self, result: Result) -> set[tuple[str, str | None, str, Any]]:
        """What a search found, whatever came first."""
        return {
            (
                kept.candidate.key,
                kept.candidate.parent.key if kept.candidate.parent else None,
                kept.candidate.text,
                kept.score,
            )
            for kept in result.candidates
        }

    def sampled(self, result: Result) -> int:
        """Draws that were paid for."""
        return result.spend.get("sample", Usage()).calls

    def scored(self, result: Result) -> int:
        """Scorings that were paid for."""
        return result.spend.get("verify", Usage()).calls

    def uses(self, journal: Any) -> list[UseRow]:
        return [row for row in journal.rows if isinstance(row, UseRow)]


@pytest.fixture(scope="session")
def forest(lab: Any) -> Forest:
    return Forest(lab)
