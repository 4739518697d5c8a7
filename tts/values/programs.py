"""Programs as answers: what a problem tells of one, what it is examined by, what was found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tts.values.generation import Problem

ENTRY, CODE, EXAMPLES = "entry_point", "code", "examples"
"""Of a problem's metadata: the function asked for, its head as code, the checks that are shown."""

Outcome = Literal["passed", "wrong", "error", "timeout", "ended", "output", "lost"]
"""Of one check. `wrong`: an assertion failed; `error`: something else was raised; `timeout`: a
limit of time; `ended`: the candidate's process was gone; `output`: it wrote too much; `lost`: the
sandbox gave no verdict, which says nothing of the candidate."""


class Check(Struct, frozen=True):
    """The verdict on one check, and why."""

    outcome: Outcome
    reason: str = ""


class Exam(Struct, frozen=True, kw_only=True):
    """What a candidate is examined by: texts of Python that never enter its process."""

    entry: str
    """The function that the checks call."""
    checks: tuple[str, ...]
    """Statements; a check that raises nothing has passed."""
    prelude: str = ""
    """Run before each check: helpers, imports."""


def shown_exam(problem: Problem) -> Exam | None:
    """The examples that a problem of code shows, perhaps none; None where it asks for no program."""
    told = problem.metadata
    if ENTRY not in told or CODE not in told:
        return None
    return Exam(entry=told[ENTRY], prelude=told[CODE], checks=tuple(told.get(EXAMPLES, ())))
