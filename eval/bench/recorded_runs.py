"""A ledger of many runs that have ended, written as a comparison writes them and without one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tts.engine.job import budget_json, strategy_json
from tts.equivalence import Equivalence
from tts.eval.problems.problem_set import canonical, digest
from tts.ledger import Ledger, encode_result
from tts.protocols import JobRow, Row, RunRow, TextRow
from tts.run import Strategy
from tts.strategies import MajorityVote
from tts.values import Budget, Candidate, Kept, Problem, Result, Usage

JOB = "many"
SIZES = (1, 2, 4, 8)
"""Draws of each strategy."""
CEILING = Budget(tokens=8192)
AT_ONCE = 2_000
"""Rows of one commit."""


def write_ledger(place: Path, problems: int) -> None:
    """A ledger at a path that is free: votes of `SIZES` on so many problems whose answers are
    integers, each right on more of them than the one before."""
    asyncio.run(_write(place, tuple(map(_problem, range(problems)))))


def _problem(number: int) -> Problem:
    story = "A train leaves the station and passes a mile post every ninety seconds. "
    return Problem(
        id=f"p{number}",
        prompt=f"{story * 3}How far is post {number}?",
        answer=str(7 * number),
        difficulty_bin=number % 5 + 1,
    )


async def _write(place: Path, problems: Sequence[Problem]) -> None:
    async with Ledger.open(place, job=JOB) as ledger:
        strategies = [MajorityVote(n=size) for size in SIZES]
        named = digest(problems)
        told = _manifest(named, strategies)
        rows: list[Row] = [
            JobRow(job=JOB, kind="comparison", manifest=told, created_at=0.0),
            TextRow(named, canonical(problems)),
            *_runs(problems, strategies),
        ]
        for start in range(0, len(rows), AT_ONCE):
            await ledger.commit(*rows[start : start + AT_ONCE])


def _manifest(named: str, strategies: Sequence[Strategy]) -> str:
    content = {
        "title": "Many runs",
        "problems": {"source": "problems.jsonl", "digest": named},
        "models": {"default": {"name": "recorded", "revision": ""}},
        "grader": Equivalence.version,
        "asked": {
            "strategies": [msgspec.json.decode(strategy_json(one)) for one in strategies],
            "budgets": [msgspec.json.decode(budget_json(CEILING))],
            "seed": 0,
        },
    }
    return msgspec.json.encode(content).decode()


def _runs(problems: Sequence[Problem], strategies: Sequence[Strategy]) -> Iterator[Row]:
    for number, problem in enumerate(problems):
        for place, strategy in enumerate(strategies):
            yield _run(problem, strategy, place, number)


def _run(problem: Problem, strategy: Strategy, place: int, number: int) -> RunRow:
    right, n = (number * 7 + place * 3) % 10 < 5 + place, SIZES[place]
    answers = [problem.answer if right else str(number), *[f"{number + 1}"] * (n - 1)]
    drawn = [_draw(problem, f"{number:08x}{at:024x}", one) for at, one in enumerate(answers)]
    spent = Usage(calls=n, prompt_tokens=80 * n, completion_tokens=300 * n, nanodollars=10 * n)
    result = Result(
        problem_id=problem.id,
        answer=drawn[0].answer,
        candidate=drawn[0],
        candidates=tuple(map(Kept, drawn)),
        usage=spent,
        billed=spent,
        stopped_by="done",
        spend={"sample": spent},
        seconds=1.0,
        run_id=f"{number:08x}{place:08x}",
    )
    return RunRow(
        job=JOB,
        run_id=result.run_id,
        problem_id=problem.id,
        strategy=strategy_json(strategy),
        budget=budget_json(CEILING),
        replicate=0,
        result=encode_result(result),
        stopped_by="done",
        attributed=spent,
        billed=spent,
        seconds=1.0,
    )


def _draw(problem: Problem, key: str, answer: str | None) -> Candidate:
    return Candidate(
        problem=problem, text="", key=key, final=True, answer=answer, finish_reason="stop"
    )
