"""`tts run`: one problem."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tts.engine import Engine
from tts.values import Budget, Result


def run_problem(
    problem: str,
    strategy: str,
    budget: str,
    options: dict[str, Any],
    *,
    seed: int,
    as_json: bool,
) -> None:
    """Solve and show."""
    result = asyncio.run(_solve(problem, strategy, budget, options, seed))
    console = Console()
    if as_json:
        console.file.write(msgspec.json.encode(fields(result)).decode() + "\n")
    else:
        console.print(candidates(result))
        console.print(verdict(result), highlight=False)
    if result.stopped_by == "failed":
        sys.exit(1)


async def _solve(
    problem: str, strategy: str, budget: str, options: dict[str, Any], seed: int
) -> Result:
    async with Engine(options.pop("model", "embedded:small"), **options) as engine:
        ceiling = Budget() if budget == "none" else budget
        return await engine.solve(problem, strategy=strategy, budget=ceiling, replicate=seed)


def candidates(result: Result) -> Table:
    """What was drawn, best score first."""
    table = Table("answer", "score", "tokens", "ended", title="candidates", title_justify="left")
    ordered = sorted(
        result.candidates, key=lambda kept: -(kept.score.value if kept.score else -1.0)
    )
    for kept in ordered:
        table.add_row(
            Text(kept.candidate.answer or "-"),
            f"{kept.score.value:.3f}" if kept.score else "-",
            str(kept.candidate.completion_tokens),
            kept.candidate.finish_reason or "-",
        )
    return table


def verdict(result: Result) -> Text:
    """Answer, cost and why it ended."""
    usage = result.usage
    price = "price unknown" if usage.dollars is None else f"${usage.dollars:.6f}"
    lines = [
        f"answer       {result.answer if result.answer is not None else 'none'}",
        f"stopped by   {result.stopped_by}" + (f": {result.error}" if result.error else ""),
        f"attributed   {usage.calls} calls, {usage.prompt_tokens} prompt and "
        + f"{usage.completion_tokens} completion tokens, {price}",
        f"billed       {result.billed.tokens} tokens in {result.billed.calls} requests",
        f"seconds      {result.seconds:.2f}",
    ]
    return Text("\n".join(lines))


def fields(result: Result) -> dict[str, Any]:
    """A result as JSON-able data."""
    return {
        "answer": result.answer,
        "stopped_by": result.stopped_by,
        "error": result.error,
        "usage": result.usage,
        "billed": result.billed,
        "spend": result.spend,
        "seconds": result.seconds,
        "candidates": [
            {
                "answer": kept.candidate.answer,
                "text": kept.candidate.text,
                "score": kept.score.value if kept.score else None,
                "steps": kept.score.steps if kept.score else (),
                "final": kept.candidate.final,
                "completion_tokens": kept.candidate.completion_tokens,
            }
            for kept in result.candidates
        ],
    }
