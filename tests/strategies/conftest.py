"""Searches over a simulated policy and reward model whose truth is known."""

from __future__ import annotations

from typing import Any

import pytest

from tts.answers.program import assembled
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
from tts.protocols import Answer, OperationSpec, UseRow
from tts.repository import ScriptRun
from tts.retrieval import BM25, Corpus, Retrieval
from tts.values import Budget, Check, Demonstration, Document, Hop, Problem, Result, Sampling, Usage
from tts.verifiers.code import Executing
from tts.verifiers.repository import RepositoryBox, Scripting
from tts.verifiers.repository.scripts import tree_of
from tts.verifiers.sandbox import Examination

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


class Trusted(Executing):
    """Runs the programs of a test in this process: they are its own."""

    def __init__(self) -> None:
        super().__init__(lambda: pytest.fail("no sandbox is needed here"))

    @property
    def spec(self) -> OperationSpec:
        return OperationSpec(name="execute/checks", version="0", role="verify", effect="idempotent")

    async def perform(self, args: Any, draws: Any, meter: Any) -> Answer:
        candidate, exam = args
        source = assembled(exam.prelude, exam.entry, candidate.text).source
        found = (verdict(exam.prelude, source, check) for check in exam.checks)
        return self.answered(Examination(checks=tuple(found)))


def verdict(prelude: str, source: str, check: str) -> Check:
    space: dict[str, Any] = {}
    try:
        exec(prelude, space)  # noqa: S102
        exec(source, space)  # noqa: S102
        exec(check, space)  # noqa: S102
    except AssertionError as error:
        return Check("wrong", str(error))
    except Exception as error:  # noqa: BLE001 whatever a scripted program does
        return Check("error", type(error).__name__)
    return Check("passed")


class TrustedScripts(Scripting):
    """Runs the scripts of a test in this process; they see the repository as `files`."""

    def __init__(self) -> None:
        super().__init__(RepositoryBox(lambda packages: pytest.fail("no sandbox is needed here")))

    @property
    def spec(self) -> OperationSpec:
        return OperationSpec(name="execute/script", version="0", role="verify", effect="idempotent")

    async def perform(self, args: Any, draws: Any, meter: Any) -> Answer:
        problem, changes, script = args
        code: Any = 0
        try:
            exec(script, {"files": tree_of(problem).changed(changes).files})  # noqa: S102
        except SystemExit as end:
            code = end.code
        except Exception:  # noqa: BLE001 whatever a scripted test does
            code = 1
        return self.answered(ScriptRun(code=code, output=f"code {code}"))


class Forest:
    """Runs strategies on a simulated policy, in a time that jumps."""

    problem = Problem(id="p", prompt="What is six times seven?", task="arithmetic")
    code = Problem(
        id="c",
        prompt="def double(n):\n    pass\n",
        task="code",
        metadata={
            "entry_point": "double",
            "code": "def double(n):\n    pass\n",
            "examples": ["assert double(2) == 4"],
        },
    )

    programs = ("codet", "self_debug")
    """Strategies that run programs, and so solve `code` alone."""
    repository = Problem(
        id="r",
        prompt="a.py should say two.",
        task="patch",
        metadata={"files": {"a.py": "x = 1\ny = 1\n", "b.py": "z = 1\n"}, "issue": "Say two."},
    )

    def __init__(self, lab: Any) -> None:
        self.lab = lab

    def suited(self, strategy: Any) -> Problem:
        """A problem that the strategy can be put to."""
        if strategy.name == "code_monkeys":
            return self.repository
        return self.code if strategy.name in self.programs else self.problem

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
            execution=Trusted(),
            scripts=TrustedScripts(),
        )

    def grow(
        self,
        strategy: Any,
        *,
        budget: Budget | None = None,
        journal: Any = None,
        seed: int = 0,
        problem: Problem | None = None,
        **how: Any,
    ) -> Result:
        """One search, from its first call to its answer."""
        asked = problem or self.problem
        book = journal if journal is not None else MemoryJournal(job="lab")

        async def search() -> Result:
            await book.load(asked.id)
            job = Job(self.session(**how), name="lab", journal=book, leases=MemoryLeases())
            async with job:
                return await job.solve(asked, strategy, budget, replicate=seed)

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
