"""A call that is itself solved by a strategy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from tts.errors import CallFailed, UsageError
from tts.run import KeptCandidates, Run, Strategy
from tts.tools import Tool, ToolContext

SOLVE = "solve"
"""Name of the tool that hands a question to a strategy."""


class _PlansOnly:
    """The body of a tool that the planner carries out itself."""

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return arguments

    async def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        raise CallFailed("`solve` runs inside plans only.")


def solve_tool(strategies: tuple[str, ...]) -> Tool:
    """`solve(question, strategy)`: the named strategies, `best_of_n(n=4)` for example."""
    return Tool(
        name=SOLVE,
        description="Think about a question with a language model; returns the answer.",
        parameters={
            "type": "object",
            "properties": {
                "question": {"type": "string"},
                "strategy": {"type": "string", "enum": list(strategies), "default": strategies[0]},
            },
            "required": ["question"],
            "additionalProperties": False,
        },
        returns={"type": "string"},
        body=_PlansOnly(),
        effect="pure",
    )


async def solve_as_call(
    arguments: dict[str, Any],
    guards: list[Any],
    build: Callable[[str], Strategy] | None,
    *,
    run: Run,
) -> str:
    """Run a strategy on a question as a part of this run: its budget, journal and path."""
    question = str(arguments["question"])
    if build is None:
        raise UsageError("A plan that solves by strategies needs `build`.")
    strategy = build(arguments.get("strategy", "single"))
    problem = replace(run.problem, prompt=question, answer=None)
    inner = Run(
        dataclasses.replace(run.settings, problem=problem),
        scheduler=run.scheduler,
        account=run.account,
        parent=run,
        path=run.path,
        prefix=run.place,
        queue=run.queue,
    )
    inner.kept = KeptCandidates()
    run.children.append(inner)
    try:
        candidate = await strategy.solve(problem, inner)
    finally:
        inner.close()
        run.children.remove(inner)
    if candidate is None or candidate.answer is None:
        raise CallFailed(f"{strategy.name} found no answer to {question[:60]!r}.")
    return str(candidate.answer)
