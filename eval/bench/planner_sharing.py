"""Calls that equal calls share: the movie task, eight searches per question."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tts.eval.bench.planner_schedule import ROOMY, solved
from tts.eval.bench.row import Row, exactly
from tts.planner import Call, Plan, PlanSettings, PlanStrategy
from tts.planner.passes import merge_equal_calls
from tts.tools import ToolSet, tool


def sharing(folder: Path | None) -> list[Row]:
    """Hit rate of one run of all plans, and of the pass, beside what is ideal."""
    names = _titles(folder) if folder else [f"film {i * i % 97}" for i in range(400)]
    ideal = 1 - len(set(names)) / len(names)
    made: list[str] = []

    @tool(effect="read")
    async def search(query: str) -> str:
        made.append(query)
        return query

    tools = ToolSet([search])
    calls = tuple(
        Call(id=number, tool="search", arguments={"query": name})
        for number, name in enumerate(names, start=1)
    )
    plan = Plan(calls=calls, answer="done", joined=False)
    settings = PlanSettings(limits=ROOMY)
    asyncio.run(solved(PlanStrategy(tools, settings=settings, plan=plan), 512))
    merged = merge_equal_calls(plan, tools).plan
    what = f"of {len(names)} searches, {'movie data' if folder else 'generated'}"
    return [
        exactly(
            f"share found, {what}", _percent(1 - len(made) / len(names)), "%", bar=_percent(ideal)
        ),
        exactly(
            f"share merged by the pass, {what}",
            _percent(1 - len(merged.calls) / len(names)),
            "%",
            bar=_percent(ideal),
        ),
    ]


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _titles(folder: Path) -> list[str]:
    """Seeds and options of every question."""
    rows = json.loads((folder / "movie_recommendations_formatted.json").read_text(encoding="utf-8"))
    found: list[str] = []
    for row in rows:
        head, _, options = row["question"].partition("\nOptions:\n")
        seeds = head.removeprefix("Find a movie similar to ")
        found += [*seeds.split(", "), *options.split("\n")]
    return [name.strip() for name in found if name.strip()]
