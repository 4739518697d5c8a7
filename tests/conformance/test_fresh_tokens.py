"""Fresh tokens beside what vLLM counts of itself: the tokens that its prefix cache did not hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from tts.answers import TASKS
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.backends.vllm import EngineLoad, VLLMGenerator, vllm_installed
from tts.budget import PriceTable
from tts.engine import Job, Session
from tts.equivalence import Equivalence
from tts.eval.bench.vllm_throughput import BLOCK, embedded_settings
from tts.executor import Limits
from tts.executor.gate import Gate
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal, MemoryLeases
from tts.strategies import BeamSearch, BestOfN, WeightedBestOfN
from tts.values import Completion, Message, Problem, Result, Sampling
from tts.verifiers import Judge, ProcessReward

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(
        not vllm_installed(), reason="vLLM is not installed here; `make test-vllm` runs this."
    ),
]
TERMS = 60
"""Of a sum: its prompt is ten blocks and more, so that sharing it is what counts."""


class LengthWording:
    """A question that this small model can hold; its mark is how much it answered."""

    name, version, again = "length", "1", "1 + 1."

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        return (Message("user", f"Is it so? {problem.prompt}\n\n{texts[0]}"),)

    def read(self, completion: Completion, texts: int) -> float:
        return min(1.0, len(completion.text) / 64)

    def pretended(self, texts: int) -> str:
        return "1"


class Exported(EngineLoad):
    """Has an engine keep the counters that `vllm serve` shows under /metrics."""

    def logger_factory(self) -> Any:
        from vllm.v1.metrics.loggers import (  # pyright: ignore[reportMissingImports]
            PrometheusStatLogger,
        )

        return PrometheusStatLogger


class Counted(Struct, frozen=True):
    """vLLM's own counters, as it exports them for Prometheus."""

    queried: int
    """Prompt tokens that were looked up in the prefix cache."""
    hit: int
    drawn: int
    prompts: int

    @classmethod
    def now(cls) -> Counted:
        from vllm.v1.metrics.reader import (  # pyright: ignore[reportMissingImports]
            Counter,
            get_metrics_snapshot,
        )

        found = {one.name: one.value for one in get_metrics_snapshot() if isinstance(one, Counter)}
        names = ("prefix_cache_queries", "prefix_cache_hits", "generation_tokens", "prompt_tokens")
        return cls(*(int(found[f"vllm:{name}"]) for name in names))

    def since(self, before: Counted) -> Counted:
        fields = self.__struct_fields__
        return Counted(*(getattr(self, name) - getattr(before, name) for name in fields))

    @property
    def computed(self) -> int:
        return self.queried - self.hit + self.drawn


async def settled() -> Counted:
    """The counters once two looks agree: a step is noted after its tokens have been handed out."""
    before = Counted.now()
    while True:
        await asyncio.sleep(0.3)
        if (now := Counted.now()) == before:
            return now
        before = now


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def policy() -> AsyncIterator[VLLMGenerator]:
    """A policy with small blocks. The registry holds the counters of the engine opened last."""
    generator = await VLLMGenerator.open(embedded_settings("small", eager=True), load=Exported())
    yield generator
    await generator.close()


def long_sum(first: int) -> Problem:
    """A problem that shares no block with one of another beginning."""
    prompt = "Compute " + " + ".join(str(first + at) for at in range(TERMS)) + "."
    return Problem(id=f"sum-{first}", prompt=prompt, task="arithmetic", answer="0")


async def solved(problem: Problem, strategy: Any, policy: VLLMGenerator, verifier: Any) -> Result:
    session = Session(
        generators={"default": policy},
        verifier=verifier,
        equivalence=Equivalence(),
        prices=PriceTable.load(None),
        limits=Limits(gate=Gate(64), rates={}, retry=RetryPolicy(), timeout=120.0),
        sampling=Sampling(max_tokens=48),
    )
    journal = MemoryJournal(job="conformance")
    await journal.load(problem.id)
    async with Job(session, name="conformance", journal=journal, leases=MemoryLeases()) as job:
        return await job.solve(problem, strategy, None)


@pytest.mark.parametrize(
    ("first", "strategy", "judged"),
    [
        (211, BestOfN(n=16), False),
        (312, BeamSearch(n=16), False),
        (413, WeightedBestOfN(n=16), True),
    ],
    ids=["best of 16", "beam search", "judged vote"],
)
async def test_a_run_computes_its_fresh_tokens_within_a_block_a_call(
    policy: VLLMGenerator,
    embedded_prm: EmbeddedStepScorer,
    first: int,
    strategy: Any,
    judged: bool,
) -> None:
    problem, before = long_sum(first), await settled()
    render = TASKS["arithmetic"].render
    asked = Sampling(temperature=0.0, max_tokens=16)
    verifier = (
        Judge(policy, wording=LengthWording(), sampling=asked)
        if judged
        else ProcessReward(embedded_prm, render=render)
    )
    result = await solved(problem, strategy, policy, verifier)
    told = (await settled()).since(before)
    roles = [role for role in result.spend if role in ("sample", "judge")]
    calls, sent, fresh, drawn = (
        sum(getattr(result.spend[role], name) or 0 for role in roles)
        for name in ("calls", "tokens", "fresh_tokens", "completion_tokens")
    )
    assert (told.prompts + told.drawn, told.drawn) == (sent, drawn)
    assert fresh <= told.computed <= fresh + BLOCK * calls
    assert told.computed < sent / 3
