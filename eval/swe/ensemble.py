"""Patches of several sources judged by a model that writes tests: a barrel of monkeys.

The paper's ensembles (Ehrlich et al. 2025, section 6): candidates of other systems beside one's own, one
judge over all. Here the strategy is any that takes proposed patches; with `code_monkeys(machines=0)` it
writes none of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from tts.engine import Engine
from tts.eval.problems.repositories import problems_of_instances
from tts.eval.swe.instance import Instance
from tts.eval.swe.predictions import Prediction
from tts.repository import EditRefused, PatchRefused, Tree, difference, proposed
from tts.values import NANO, Budget, Problem, Result

JUDGE = "code_monkeys(machines=0)"


async def chosen_by_model(
    instances: Sequence[Instance],
    by_id: Mapping[str, Sequence[Prediction]],
    engine: Engine,
    *,
    strategy: str = JUDGE,
    budget: Budget | None = None,
) -> list[Prediction]:
    """The patch that a strategy takes for each instance, with what the choice cost.

    An instance for which it takes none has no prediction.
    """
    patches = {
        id: [one.patch for one in found if (one.patch or "").strip()] for id, found in by_id.items()
    }
    known = {id: [patch for patch in found if patch is not None] for id, found in patches.items()}
    problems = list(problems_of_instances(instances, known))
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(engine.solve(problem, strategy=strategy, budget=budget))
            for problem in problems
        ]
    return [
        found
        for problem, task in zip(problems, tasks, strict=True)
        if (found := _prediction(problem, task.result(), strategy, by_id[problem.id])) is not None
    ]


def _prediction(
    problem: Problem, result: Result, strategy: str, among: Sequence[Prediction]
) -> Prediction | None:
    patch = patch_of(problem, result.answer)
    if patch is None:
        return None
    dollars = result.usage.nanodollars
    cost = {
        "tokens": result.usage.tokens,
        "dollars": None if dollars is None else dollars / NANO,
    }
    told = {
        "selector": strategy,
        "n_samples": len(among),
        "source": next((one.model for one in among if one.patch == patch), "own"),
        "stopped_by": result.stopped_by,
        "selection_cost": {name: value for name, value in cost.items() if value is not None},
    }
    return Prediction(instance_id=problem.id, model="tts-select", patch=patch, told=told)


def patch_of(problem: Problem, answer: str | None) -> str | None:
    """An answer as a unified diff; a diff stays as it is, None where nothing can be made of it."""
    tree = Tree(dict(problem.metadata["files"]))
    try:
        after = proposed(tree, answer or "")
    except (EditRefused, PatchRefused):
        return None
    if answer is not None and answer.lstrip().startswith(("diff --git", "--- ")):
        return answer
    return difference(tree, after) or None
