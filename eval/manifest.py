"""What a job was made of: what changes keys or grades, and what is only good to know."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from tts.engine import Session
from tts.eval.problems import ProblemSet
from tts.eval.spec import ComparisonSpec
from tts.prompts import task_for

ONLY_WARNS = ("code", "prices", "capabilities", "served", "title")
"""Paths whose change leaves keys and grades as they are."""


def manifest(spec: ComparisonSpec, problems: ProblemSet, session: Session) -> str:
    """Canonical JSON. Strategies, budgets and repeats may be added to a job, so they are no part."""
    default = next(iter(session.generators.values()))
    tasks = sorted({problem.task for problem in problems.problems})
    content: dict[str, Any] = {
        "title": spec.title,
        "problems": {"source": spec.problems, "digest": problems.digest},
        "tasks": {name: task_for(name, default.model.name).identity for name in tasks},
        "models": {
            name: {"name": generator.model.name, "revision": generator.model.revision}
            for name, generator in session.generators.items()
        },
        "verifier": session.verifier.identity if session.verifier else None,
        "sampling": msgspec.to_builtins(session.sampling),
        "grader": session.equivalence.version,
        "capabilities": {
            name: msgspec.to_builtins(generator.capabilities)
            for name, generator in session.generators.items()
        },
        "served": {
            name: facts
            for name, generator in session.generators.items()
            if (facts := getattr(generator, "served", None))
        },
        "code": version("tts-engine"),
    }
    capped = [*spec.budgets, spec.wallet]
    priced = any(budget.nanodollars is not None for budget in capped)
    content["capped_prices" if priced else "prices"] = session.prices.version
    return msgspec.json.encode(content, order="deterministic").decode()
