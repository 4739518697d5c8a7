"""`planner`: reading, checking and running plans. Tool and model latencies are simulated.

The rows of one kind of question each: chunkings read alike, equal calls shared, how soon a call is
sent; the others have files of their own.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from random import Random
from statistics import median

from tts.eval.bench.planner_damage import mutations
from tts.eval.bench.planner_liveness import liveness
from tts.eval.bench.planner_methods import methods, shapes
from tts.eval.bench.planner_nestful import nestful, nestful_plan, nestful_tools
from tts.eval.bench.planner_schedule import ROOMY, against_longest_first, largest, schedule
from tts.eval.bench.report import NeedsData, Row, at_most, data_folder, exactly, figure
from tts.eval.bench.simulation import Paced, solved
from tts.eval.bench.timed_graphs import everyday, generated, workflows
from tts.planner import Call, Plan, PlanLimits, PlanSettings, PlanStrategy, check_plan, write_plan
from tts.planner.execution import CallEvent
from tts.planner.language import Form, Reference, Statement, open_reader
from tts.planner.passes import merge_equal_calls
from tts.tools import ToolSet, tool

CHAIN, CHECKS = 10_000, 3
"""Calls of the chain whose check is timed, and how often it is."""
PLANS = 40
"""AsyncHow plans that are run under every cap."""
ROUNDS = 40
"""Chunkings of every plan in both forms, where there is no data."""
_NOISE = (
    "Thought: I'd look (both) up first.\n",
    "```\n",
    "1. see [what\n",
    'note: "quoted\n',
    "7. search('open\n",
    "",
)


def planner() -> list[Row]:
    """On the recorded plans and workflows where they are, on generated graphs otherwise."""
    try:
        folder = data_folder("planner")
    except NeedsData:
        rows = [*schedule("generated graphs", generated()), *sharing(None)]
        return [*rows, *parser([shape.plan for shape in shapes()]), *_common()]
    text = (folder / "nestful_executable_data.json").read_text(encoding="utf-8")
    plans: list[Plan] = [nestful_plan(row["output"]) for row in json.loads(text)]
    every = everyday(folder)
    some = Random(1).sample(every, PLANS)
    return [
        *schedule("WfInstances", workflows(folder)),
        *schedule("AsyncHow", some),
        against_longest_first("AsyncHow", every, (2, 4)),
        *largest(workflows(folder, largest=10**6)),
        *nestful(folder),
        *mutations(plans, nestful_tools(folder)),
        *parser(plans, rounds=4),
        *sharing(folder),
        *_common(),
    ]


def _common() -> list[Row]:
    return [*methods(shapes()), *dispatch(), *checking(), *liveness()]


def checking() -> list[Row]:
    """Processor time of the check of a chain of planned calls, refused and within its limits."""
    tools = ToolSet([step])
    texts = ["", *(Reference(i, ()) for i in range(1, CHAIN))]
    calls = tuple(
        Call(id=i, tool="step", arguments={"text": text}) for i, text in enumerate(texts, start=1)
    )
    chain = Plan(calls=calls, answer="done", joined=False)
    refused = median(_checked(chain, tools, PlanLimits(), faults=1) for _ in range(CHECKS))
    allowed = median(_checked(chain, tools, ROOMY, faults=0) for _ in range(CHECKS))
    what = f"check of {CHAIN:,} planned calls"
    return [
        at_most(f"{what}, too many by the limit", 1000 * refused, "ms", bar=20),
        at_most(f"{what}, within a raised limit", allowed, "s", bar=0.3),
    ]


def _checked(plan: Plan, tools: ToolSet, limits: PlanLimits, *, faults: int) -> float:
    started = time.process_time()
    found = check_plan(plan, tools, limits=limits)
    assert len(found) == faults, found
    return time.process_time() - started


@tool(effect="read")
async def step(text: str) -> str:
    """A call of the chain."""
    return text


def dispatch() -> list[Row]:
    """From the seal of a call to the start of its tool, in real time."""

    @tool(effect="read")
    async def search(query: str) -> str:
        return query

    events: list[CallEvent] = []
    settings = PlanSettings(tell=lambda e: events.append(e) if isinstance(e, CallEvent) else None)
    lines = [f'{number}. search(query="{number}")\n' for number in range(1, 101)]
    writer = Paced([("".join([*lines, "answer = $1\n"]), 1.0)])
    strategy = PlanStrategy(ToolSet([search]), settings=settings)
    asyncio.run(solved(strategy, 512, writer))
    sealed = {event.call.id: event.at for event in events if event.state == "sealed"}
    waits = [event.at - sealed[event.call.id] for event in events if event.state == "started"]
    worst = 1000 * sorted(waits)[int(0.95 * len(waits))]
    return [
        at_most("seal to start of a call, median of 100", 1000 * median(waits), "ms", bar=2.0),
        figure("seal to start of a call, 95 of 100 within", worst, "ms"),
    ]


def parser(plans: list[Plan], *, rounds: int = ROUNDS) -> list[Row]:
    """Chunkings of plans, whole and damaged, that read differently from the text as one."""
    rng, tried, different = Random(3), 0, 0
    forms: tuple[Form, ...] = ("text", "json")
    for plan in plans:
        for form in forms:
            for _ in range(rounds):
                text = _damaged(rng.choice(_NOISE) + write_plan(plan, form), rng)
                tried += 1
                different += read_in_chunks(text, form, rng) != read_in_chunks(text, form, None)
    return [exactly(f"of {tried} chunkings, read differently", different, "", bar=0)]


def read_in_chunks(text: str, form: Form, rng: Random | None) -> list[Statement]:
    """Everything that is sealed; None: the text in one piece."""
    reader = open_reader(form)
    sealed: list[Statement] = []
    place = 0
    most = rng.choice((1, 3, 10, 80)) if rng else max(1, len(text))
    while place < len(text):
        size = rng.randint(1, most) if rng else most
        sealed += reader.feed(text[place : place + size])
        place += size
    return [*sealed, *reader.end()]


def _damaged(text: str, rng: Random) -> str:
    """The text, every other time with a letter lost or one put in."""
    place = rng.randrange(len(text))
    kind = rng.randrange(4)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + rng.choice("\"'()[]{}\\\n$#") + text[place:]
    return text


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
