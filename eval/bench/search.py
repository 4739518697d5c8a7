"""`search`: many beam searches at once, beside a barrier per round and one problem at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct

from tts.answers import TASKS
from tts.backends.fault_server import FaultPlan, Latency
from tts.backends.openai_http import Connection
from tts.engine import Job, Session, SessionOptions, open_session
from tts.eval.bench.measuring import Meter, pinned
from tts.eval.bench.processes import ServerProcess
from tts.eval.bench.report import Row, at_most, figure
from tts.eval.bench.search_notes import NotedGenerator, NotedScorer, NotedTransport, Notes
from tts.eval.bench.workload import ROOMY, problems
from tts.ledger import JobLeases, Ledger
from tts.run import Node, Run, Strategy
from tts.strategies import BeamSearch
from tts.strategies.parts.expand import largest_remainder, rounds
from tts.strategies.parts.select import highest_scored, split_finished
from tts.values import Candidate, Capabilities, Message, Model, Problem, Result, Scored
from tts.verifiers import ProcessReward

PROBLEMS = 64
DRAWS = 64
ROUNDS = 3
ALONE = 2
"""Problems that are really solved one at a time; the time of all is their mean times all."""
CAP = 4096
MEDIAN, SIGMA = 4.0, 0.5
"""Seconds of a draft or score, and their spread: so slow that the client idles half the time."""

Solve = Callable[[Job], Awaitable[object]]


class Barrier:
    """Lets everybody pass once everybody has come."""

    def __init__(self, parties: int) -> None:
        self.parties, self.waiting = parties, 0
        self.passed = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the others."""
        self.waiting += 1
        passed = self.passed
        self._open()
        await passed.wait()

    def leave(self) -> None:
        """One party fewer from now on."""
        self.parties -= 1
        self._open()

    def _open(self) -> None:
        if self.waiting >= self.parties:
            self.passed.set()
            self.passed, self.waiting = asyncio.Event(), 0


class BarredBeam:
    """Beam search as batch-by-batch implementations run it.

    Draws as BeamSearch does; no score before the last draft of all problems, no draft of the
    next round before the last score."""

    stepwise = True

    def __init__(self, barrier: Barrier, **parameters: Any) -> None:
        self.beam, self.barrier = BeamSearch(**parameters), barrier
        self.name, self.parameters = self.beam.name, self.beam.parameters

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        try:
            done = await self._search(problem, run)
        finally:
            self.barrier.leave()
        answer: Candidate | None = await run.call(self.beam.selection(), done, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await self.beam.finish(problem, run)

    async def _search(self, problem: Problem, run: Run) -> list[Scored]:
        live: list[Problem | Candidate] = [problem]
        done: list[Scored] = []
        for until in rounds(self.beam.rounds):
            shares = largest_remainder([1.0] * len(live), self.beam.n)
            drafts = [
                draft
                for source, share in zip(live, shares, strict=True)
                for draft in run.sample(source, n=share, until=until)
            ]
            ended, unfinished = split_finished(await self._scored(drafts, run))
            done += ended
            live = [
                one.candidate
                for one in highest_scored(unfinished, self.beam.n // self.beam.branching)
            ]
            if not live:
                break
        return done

    async def _scored(self, drafts: list[Node[Candidate]], run: Run) -> list[Scored]:
        """The drafts with their scores; of equal texts the first."""
        drawn = {one.text: one for one in reversed(await run.all(drafts))}
        await self.barrier.wait()
        fresh = list(drawn.values())[::-1]
        scores = await run.all([run.score(one) for one in fresh])
        await self.barrier.wait()
        return [Scored(one, score) for one, score in zip(fresh, scores, strict=True)]


class Took(Struct, frozen=True):
    """One way of running the searches."""

    wall: float
    cpu: float
    notes: Notes


def search(
    *,
    count: int = PROBLEMS,
    draws: int = DRAWS,
    median: float = MEDIAN,
    alone: int = ALONE,
    cap: int = CAP,
) -> list[Row]:
    """Wall time against the slowest drafts and scores; the client has one core."""
    plan = FaultPlan(
        keep_records=False,
        latency=Latency(kind="lognormal", median=median, sigma=SIGMA),
        latency_by="body",
    )
    asked, beam = problems(count), BeamSearch(n=draws, rounds=ROUNDS)
    barred = BarredBeam(Barrier(count), n=draws, rounds=ROUNDS)
    ways: tuple[Solve, ...] = (
        lambda job: together(job, asked, beam),
        lambda job: together(job, asked, barred),
        lambda job: in_turn(job, asked[:alone], beam),
    )
    with pinned() as other, ServerProcess(plan, core=other) as server:
        took = [asyncio.run(run(server.url, plan, way, cap)) for way in ways]
    return rows(took, count=count, alone=alone, cap=cap)


def rows(took: Sequence[Took], *, count: int, alone: int, cap: int) -> list[Row]:
    """The figures; raises `AssertionError` where the ways did not draw the same."""
    ours, barred, turns = took
    assert ours.notes.drafts == barred.notes.drafts, "The barrier changed the draws."
    assert turns.notes.drafts.items() <= ours.notes.drafts.items(), "Other draws alone."
    ideal = ours.notes.ideal(cap)
    calls = len(ours.notes.drafts) + len(ours.notes.scores)
    what = f"{count} beam searches"
    return [
        at_most(f"wall / ideal, {what} at once", ours.wall / ideal, "", bar=1.15),
        figure(f"wall, {what} at once; baseline: ideal", ours.wall, "s", baseline=ideal),
        figure(f"wall, a barrier per round over {what}", barred.wall, "s", baseline=ours.wall),
        figure(
            f"wall, one problem at a time, from {alone} of {count}",
            turns.wall * count / alone,
            "s",
            baseline=ours.wall,
        ),
        figure("ideal: slowest drafts and scores of a problem", ours.notes.longest, "s"),
        figure(f"ideal: all calls over the cap of {cap}", ours.notes.work / cap, "s"),
        at_most(
            "share of the wall in which the client computes", ours.cpu / ours.wall, "", bar=0.5
        ),
        figure("client CPU per call", ours.cpu / calls * 1e6, "µs"),
        figure("calls", calls, ""),
    ]


async def run(url: str, plan: FaultPlan, solve: Solve, cap: int) -> Took:
    """One way of solving, with a ledger on disk."""
    notes, meter = Notes(), Meter()
    session = await opened(url, plan, notes, cap)
    with TemporaryDirectory() as folder:
        async with (
            Ledger.open(Path(folder) / "search.db", job="bench") as ledger,
            Job(
                session, name="bench", journal=ledger, leases=JobLeases(ledger), wallet=ROOMY
            ) as job,
        ):
            with meter:
                await solve(job)
    await session.close()
    return Took(meter.wall, meter.cpu, notes)


async def opened(url: str, plan: FaultPlan, notes: Notes, cap: int) -> Session:
    """The shipped server as policy and as process reward model."""
    connection = NotedTransport(Connection(url, idle_timeout=600.0), plan)
    policy = NotedGenerator(
        Model(name="simulated", parameters=0),
        notes=notes,
        connection=connection,
        dialect="vllm",
        capabilities=Capabilities(seed=True, prefill=True, keeps_stop=True),
    )
    scorer = NotedScorer(
        Model(name="simulated-prm", parameters=0),
        notes=notes,
        template=marked,
        connection=connection,
    )
    verifier = ProcessReward(scorer, render=TASKS["math"].render, aggregate="last")
    return await open_session(
        SessionOptions(
            model=policy,
            verifier=verifier,
            concurrency=cap,
            adaptive=False,
            sampling={"max_tokens": 64},
        )
    )


def marked(messages: Sequence[Message], steps: Sequence[str]) -> str:
    """A question and steps, a marker behind each."""
    return "\n\n".join([messages[-1].content, *(f"{step}<extra_0>" for step in steps)])


async def together(job: Job, asked: Sequence[Problem], strategy: Strategy) -> None:
    """All problems at once."""
    await asyncio.gather(*(one(job, problem, strategy) for problem in asked))


async def in_turn(job: Job, asked: Sequence[Problem], strategy: Strategy) -> None:
    """A problem begins when the one before it is solved."""
    for problem in asked:
        await one(job, problem, strategy)


async def one(job: Job, problem: Problem, strategy: Strategy) -> Result:
    await job.journal.load(problem.id)
    result = await job.solve(problem, strategy, ROOMY)
    assert result.stopped_by == "done" and result.answer is not None, result
    return result
