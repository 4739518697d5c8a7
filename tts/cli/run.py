"""`tts run`: one problem."""

from __future__ import annotations

import sys
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from tts.cli.compare import STAND_IN
from tts.cli.exits import FAILED, UNANSWERED, run
from tts.cli.figures import plain_table
from tts.cli.screen import Screen, json_text, known_dollars, one_line, warn, write_out
from tts.engine import Engine, parse_ceilings, parse_strategy
from tts.eval.recipe import ModelKeys, checked
from tts.run import Strategy
from tts.values import Budget, Result


def run_problem(
    problem: str,
    strategy: str,
    budget: str,
    options: dict[str, Any],
    *,
    ledger: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Solve and show; exits with 1 where the run failed."""
    keys = checked(ModelKeys, options, where="Options", flags=options)
    ceiling = parse_ceilings(budget)
    chosen = parse_strategy(strategy)
    if "model" not in options:
        warn(STAND_IN)
    result = run(_solve(problem, chosen, ceiling, keys, ledger, seed))
    if as_json:
        write_out(json_text(fields(result)))
    else:
        console = Screen()
        console.print(candidates(result))
        console.print(verdict(result))
    if result.stopped_by in UNANSWERED or (result.answer is None and result.error):
        sys.exit(FAILED)


async def _solve(
    problem: str, chosen: Strategy, ceiling: Budget, keys: ModelKeys, ledger: str | None, seed: int
) -> Result:
    given = {name: getattr(keys, name) for name in keys.model_fields_set}
    async with Engine(**given, ledger=ledger) as engine:
        return await engine.solve(problem, strategy=chosen, budget=ceiling, replicate=seed)


def candidates(result: Result) -> Table:
    """What was drawn, best score first; without a column for scores where nothing was scored."""
    ordered = sorted(
        result.candidates, key=lambda kept: -(kept.score.value if kept.score else -1.0)
    )
    rows = [
        (
            one_line(kept.candidate.answer or "no answer").plain,
            kept.candidate.finish_reason or "not ended",
            f"{kept.score.value:.3f}" if kept.score else "",
            f"{kept.candidate.completion_tokens:,}",
        )
        for kept in ordered
    ]
    return plain_table("candidates", ("answer", "ended", "score", "tokens"), rows, left=2)


def verdict(result: Result) -> Table:
    """Answer, cost and why it ended."""
    usage = result.usage
    price = "price unknown" if usage.dollars is None else known_dollars(usage)
    attributed = (
        f"{usage.calls} calls, {usage.prompt_tokens} prompt and {usage.completion_tokens} completion "
        f"tokens, {price}: what it would have cost alone, uncached, every draw with its whole prompt"
    )
    billed = f"{result.billed.tokens} tokens in {result.billed.calls} requests, really spent now"
    ended = f"{result.stopped_by}" + (f": {shown(result.error)}" if result.error else "")
    lines = [
        ("answer", "none" if result.answer is None else shown(result.answer)),
        ("stopped by", ended),
        *(("missing", f"{count} × {shown(why)}") for why, count in result.missing.items()),
        ("attributed", attributed),
        ("billed", billed),
        ("seconds", f"{result.seconds:.2f}"),
        *([("why", shown(result.explanation))] if result.explanation else []),
    ]
    rows = Table.grid("", Column(overflow="fold"), padding=(0, 3, 0, 0))
    for name, text in lines:
        rows.add_row(name, Text(text))
    return rows


def shown(text: str) -> str:
    """Foreign text in a line of its own, as long as it is."""
    return one_line(text, len(text)).plain


def fields(result: Result) -> dict[str, Any]:
    """A result as JSON-able data."""
    return {
        "answer": result.answer,
        "stopped_by": result.stopped_by,
        "error": result.error,
        "missing": result.missing,
        "usage": result.usage,
        "billed": result.billed,
        "spend": result.spend,
        "seconds": result.seconds,
        "explanation": result.explanation,
        "reasons": result.reasons,
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
