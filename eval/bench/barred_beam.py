"""Beam search with a barrier over all problems: how batch-by-batch implementations run it."""

from __future__ import annotations

import asyncio
from typing import Any

from tts.run import Node, Run
from tts.strategies import BeamSearch
from tts.strategies.parts.expand import rounds
from tts.strategies.parts.select import highest_scored, split_finished
from tts.strategies.parts.width import largest_remainder
from tts.values import Candidate, Problem, Scored


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
    """Draws as BeamSearch does; no score before the last draft of all problems, no draft of the
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
