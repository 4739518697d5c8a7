"""What keys are made of stays: the operations of verifiers, and what run ids hold of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tts.answers import TASKS
from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import CallRow
from tts.strategies import BestOfN
from tts.verifiers import GenPRM, Judge, OutcomeReward, ProcessReward

SCRIPT = {"revision": "", "model": "scripted"}
JUDGED = {
    "judge": (
        Judge.pointwise,
        "judge/pointwise 2 judge",
        {**SCRIPT, "judge": "judge/pointwise", "version": "2", "votes": 1},
    ),
    "belief": (
        Judge.self_evaluation,
        "judge/true_or_false 2 judge",
        {**SCRIPT, "judge": "judge/true_or_false", "version": "2", "votes": 1},
    ),
    "gen-prm": (
        GenPRM,
        "judge/gen-prm 1 judge",
        {**SCRIPT, "votes": 1, "aggregate": "min", "executes": False},
    ),
}
"""By kind: how it is made of a generator, its operation with version and role, its identity."""


def say(messages: Any, prefix: str, index: int) -> str:
    return f"so \\boxed{{{index}}} True. Score: 5 \\boxed{{Yes}}"


def operations(lab: Any, verifier: Any) -> set[str]:
    journal = MemoryJournal(job="lab")
    session = lab.session(lab.words(say))

    async def solved() -> None:
        await journal.load(lab.problem.id)
        changed = replace(session, verifier=verifier)
        async with Job(changed, name="lab", journal=journal, leases=MemoryLeases()) as job:
            await job.solve(lab.problem, BestOfN(n=2), None)

    lab.run(solved())
    rows = [row for row in journal.rows if isinstance(row, CallRow)]
    return {f"{row.operation} {row.version} {row.role}" for row in rows if row.role != "sample"}


@pytest.mark.parametrize("kind", JUDGED)
def test_a_judges_operation_and_identity_are_the_same(lab: Any, kind: str) -> None:
    made, operation, identity = JUDGED[kind]
    verifier = made(ScriptedGenerator(say))
    assert verifier.identity == identity
    assert operations(lab, verifier) == {operation}


def test_a_reward_models_operation_and_identity_are_the_same(lab: Any) -> None:
    render = TASKS["arithmetic"].render
    steps = ProcessReward(ScriptedScorer({}), render=render, aggregate="prod")
    whole = OutcomeReward(ScriptedScorer({}), render=render)
    assert operations(lab, steps) == {"score/steps 1 verify"}
    assert operations(lab, whole) == {"score/whole 1 verify"}
    model = {"model": steps.name, "revision": ""}
    assert steps.identity == {**model, "aggregate": "prod"}
    assert whole.identity == {**model, "outcome": True}
