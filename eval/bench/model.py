"""`model`: tokens per second of the embedded policy."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tts.arithmetic import generate
from tts.backends.embedded.decoder import Decoder
from tts.backends.embedded.draw import Draw
from tts.backends.embedded.model import EmbeddedModel
from tts.engine import Job, SessionOptions, open_session
from tts.eval.bench.report import Row, at_least, figure
from tts.ledger import Ledger, MemoryLeases
from tts.strategies import MajorityVote
from tts.values import Message, Problem, Sampling

BATCH, DRAWS, PROBLEMS, RUNS = 64, 512, 32, 3
VOTES = 16
SAMPLING = Sampling(max_tokens=160)


class Silent:
    """Nobody watches."""

    def grew(self, draw: Draw, text: str) -> None:
        """New text came."""

    def ended(self, draw: Draw, error: BaseException | None) -> None:
        """Nothing more will come."""


def model(*, draws: int = DRAWS, problems: int = PROBLEMS, runs: int = RUNS) -> list[Row]:
    """The bare decoder at batch 64, and the same policy through the engine."""
    small = EmbeddedModel.shipped("small")
    pairs = [(_decoded(small, draws), asyncio.run(_solved(problems))) for _ in range(runs)]
    raw, whole = (median(rates) for rates in zip(*pairs, strict=True))
    return [
        at_least(f"tokens per second, decoder at batch {BATCH}", raw, "", bar=6000),
        figure(
            f"tokens per second, majority_vote(n={VOTES}) on {problems} problems",
            whole,
            "",
            baseline=raw,
        ),
    ]


def _decoded(small: EmbeddedModel, count: int) -> float:
    decoder = Decoder(small.transformer, small.tokenizer, BATCH, 8192)
    asked = [problem.prompt for problem in generate(3, count // VOTES, 1)]
    prompts = [tuple(small.tokenizer.encode_chat([Message("user", text)], "")) for text in asked]
    draws = [Draw(prompts[i // VOTES % len(prompts)], SAMPLING, i, Silent()) for i in range(count)]
    waiting = deque(draws)
    started = time.perf_counter()
    while waiting or decoder.active:
        decoder.join(waiting)
        decoder.step()
    return sum(len(draw.tokens) for draw in draws) / (time.perf_counter() - started)


async def _solved(count: int) -> float:
    session = await open_session(SessionOptions(model="embedded:small", verifier=None))
    with TemporaryDirectory() as folder:
        async with Ledger.open(Path(folder) / "ledger.db", job="bench") as ledger:
            job = Job(session, name="bench", journal=ledger, leases=MemoryLeases())
            started = time.perf_counter()
            async with job, asyncio.TaskGroup() as group:
                runs = [
                    group.create_task(job.solve(problem, MajorityVote(n=VOTES)))
                    for problem in _problems(count)
                ]
            seconds = time.perf_counter() - started
    await session.close()
    return sum(run.result().usage.completion_tokens for run in runs) / seconds


def _problems(count: int) -> list[Problem]:
    return [
        Problem(id=one.id, prompt=one.prompt, answer=one.answer, task="arithmetic")
        for one in generate(3, count, 2)
    ]
