"""`overruns`: the kinds of budget overrun of a public catalogue, each tried against a ceiling.

Khan (2026, arXiv 2606.04056) collects 63 confirmed incidents of agent frameworks and 47 entries beside
them, in eight clusters by what drives the cost. For each cluster there is an agent here that would go
on without an end, over HTTP, on a server that counts for itself; nothing of a single incident is
claimed. The counts are those of the catalogue's coded rows, 110 in all; which of them are the 63, its
file of clusters does not say.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.engine import Job, SessionOptions, open_session
from tts.engine.asks import Asks
from tts.errors import BudgetTooSmall
from tts.eval.bench.report import Row, at_least, exactly, figure
from tts.ledger import JobLeases, Ledger
from tts.run import Run, Strategy
from tts.strategies import MajorityVote
from tts.strategies.base import StrategyBase
from tts.strategies.parts.select import Select, most_voted
from tts.values import Budget, Candidate, Message, Problem

CAP, MAX_TOKENS, IN_FLIGHT = 6000, 64, 64
"""Tokens of a ceiling, and at most of a draw; calls at once."""
PLAN = FaultPlan(dialect="openai", words=20)
TASK = "Repair the query so that it returns the orders of the last week."
IMAGE = b64encode(Random(0).randbytes(1500)).decode()


class Agent(StrategyBase):
    """A strategy that nothing but a ceiling ends."""

    def selection(self) -> Select:
        return most_voted


class Repeating(Agent):
    """One agent asks again and again, all that was said before its eyes; each turn adds `more`."""

    name = "repeating"
    more: str = "That failed. Try again."

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        said = [Message("user", problem.prompt)]
        while True:
            [draft] = run.sample(said)
            said += [Message("assistant", (await draft).text), Message("user", self.more)]


class Spreading(Agent):
    """Every agent hands the task on to three others, all on one account."""

    name = "spreading"

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        await handed_on(problem, run)
        return None


async def handed_on(problem: Problem, run: Run) -> None:
    """Two drafts, then the same by three more agents."""
    await run.all(run.sample(problem, n=2))
    await run.all([run.spawn(handed_on, problem) for _ in range(3)])


class Spent(Struct, frozen=True):
    """What the server counted of one agent."""

    tokens: int
    requests: int


class Cluster(Struct, frozen=True, kw_only=True):
    """One cluster of the catalogue, and who stands for it."""

    rows: int
    """Coded rows of the catalogue."""
    tried: str
    agent: Strategy
    plan: FaultPlan = PLAN
    lives: int = 1
    """Processes one after another, each of which reads what the earlier ones left."""


_FAILING = (
    Fault(kind="status", status=429, headers={"Retry-After": "0"}),
    Fault(kind="status", status=503),
    Fault(kind="truncated_json"),
)
_FREE = {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}
CLUSTERS: Mapping[str, Cluster] = {
    "M-retry-loop": Cluster(
        rows=27,
        tried="an agent asks again for ever, three requests in ten fail and are retried",
        agent=Repeating(),
        plan=replace(PLAN, rate=0.3, seed=3, mix=_FAILING),
    ),
    "M-cost-observability": Cluster(
        rows=22,
        tried="the server says of every answer that it took no tokens",
        agent=MajorityVote(n=256),
        plan=replace(PLAN, script=(Fault(kind="edit", fields=_FREE),), repeat=True),
    ),
    "M-context-amplification": Cluster(
        rows=13,
        tried="every turn sends the whole conversation again, with 150 words more",
        agent=Repeating(more="row " * 150),
    ),
    "M-storage-amplification": Cluster(
        rows=13,
        tried="a process reads what all earlier ones have stored, twelve times over one wallet",
        agent=MajorityVote(n=4),
        lives=12,
    ),
    "M-budget-primitive-missing": Cluster(
        rows=12, tried="256 draws are asked for at once", agent=MajorityVote(n=256)
    ),
    "M-delegation-fanout": Cluster(
        rows=11, tried="every agent hands on to three more, without an end", agent=Spreading()
    ),
    "providerOptions-silently-dropped": Cluster(
        rows=6,
        tried="the server takes the length that it is told and does not heed it",
        agent=MajorityVote(n=256),
        plan=replace(PLAN, words=400, unheeded=True, supports_n=False),
    ),
    "M-multimodal-cost-amplification": Cluster(
        rows=6,
        tried="every turn adds an image in base64, which the server bills as the text that it is",
        agent=Repeating(more=IMAGE),
    ),
}


def overruns() -> list[Row]:
    """Every cluster's agent under a ceiling and a wallet of as many tokens."""
    return [row for name, cluster in CLUSTERS.items() for row in _rows(name, cluster)]


def _rows(name: str, cluster: Cluster) -> list[Row]:
    spent = asyncio.run(tried(cluster))
    over = max(0, spent.tokens - CAP)
    return [
        exactly(f"{name} ({cluster.rows} rows): {cluster.tried}; overrun", over, "tokens", bar=0),
        figure(f"{name}: of {CAP:,} tokens, by the server's count", spent.tokens, "tokens"),
        at_least(f"{name}: requests", spent.requests, "", bar=2),
    ]


async def tried(cluster: Cluster) -> Spent:
    """Let an agent loose until its ceiling ends it."""
    async with FaultServer(cluster.plan) as server:
        with TemporaryDirectory() as folder:
            stored = TASK
            for life in range(cluster.lives):
                problem = Problem(id=f"p{life}", prompt=stored)
                place = Path(folder) / "ledger.db"
                stored += await _lived(cluster.agent, problem, server.url, place)
        return Spent(server.record.tokens, server.record.requests)


async def _lived(agent: Strategy, problem: Problem, url: str, place: Path) -> str:
    """One life of a job; what it leaves to the next one."""
    cap = Budget(tokens=CAP)
    options = SessionOptions(
        model="openai:simulated",
        base_url=url,
        verifier=None,
        concurrency=IN_FLIGHT,
        sampling={"max_tokens": MAX_TOKENS},
    )
    async with Ledger.open(place, job="bench") as ledger:
        leases = JobLeases(ledger)

        async def books() -> tuple[Ledger, JobLeases]:
            return ledger, leases

        async with Asks(options, books=books, job="bench", wallet=cap) as asks:
            session = await open_session(options, asks=asks)
        async with Job(session, name="bench", journal=ledger, leases=leases, wallet=cap) as job:
            await ledger.load(problem.id)
            try:
                result = await job.solve(problem, agent, cap)
            except BudgetTooSmall:
                return ""
            finally:
                await session.close()
    return " ".join(kept.candidate.text for kept in result.candidates)
