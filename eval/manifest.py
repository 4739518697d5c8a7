"""The manifest that a resumed job is held to: what changes keys or grades, what only warns, and its job's name."""

from __future__ import annotations

import json
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import msgspec

from tts.answers import task_for
from tts.engine import Session
from tts.engine.job import budget_json, strategy_json
from tts.eval.problems import ProblemSet
from tts.eval.spec import ComparisonSpec
from tts.ledger import check_manifest

ONLY_WARNS = ("code", "capabilities", "served")
"""Paths whose change leaves keys and grades as they are; prices too, where no budget caps dollars."""
ASKED = "asked"
"""Of the manifest: what was asked for first. More may be asked for later, so it binds nobody."""
TITLE = "title"
"""Parts of a recipe that ask about the same problems are one job, each under a title of its own."""


def manifest(spec: ComparisonSpec, problems: ProblemSet, session: Session) -> str:
    """Canonical JSON of what changes keys or grades, and of what was asked for first."""
    default = next(iter(session.generators.values()))
    tasks = sorted({problem.task for problem in problems.problems})
    content: dict[str, Any] = {
        TITLE: spec.title,
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
    if session.retrieval is not None:
        content["retriever"] = session.retrieval.retriever.identity
    if session.demonstrations:
        content["demonstrations"] = msgspec.to_builtins(session.demonstrations)
    content["prices"] = session.prices.version
    content[ASKED] = {
        "strategies": [json.loads(strategy_json(one)) for one in spec.strategies],
        "budgets": [json.loads(budget_json(one)) for one in spec.budgets],
        "repeats": spec.repeats,
        "baseline": spec.baseline,
        "order": spec.order,
        "seed": spec.seed,
    }
    return msgspec.json.encode(content, order="deterministic").decode()


def compare(recorded: str, written: str, spec: ComparisonSpec) -> list[str]:
    """The mild changes of a job that is resumed; `ManifestChanged` where keys or grades change."""
    old, new = json.loads(recorded), json.loads(written)
    for content in (old, new):
        content.pop(ASKED, None)
        content.pop(TITLE, None)
        if "capped_prices" in content:
            content["prices"] = content.pop("capped_prices")
    capped = any(budget.nanodollars is not None for budget in spec.budgets)
    mild = ONLY_WARNS if capped else (*ONLY_WARNS, "prices")
    return check_manifest(json.dumps(old), json.dumps(new), warns=mild)


def job_name(spec: ComparisonSpec) -> str:
    """A name for the work that the same command gives again."""
    options = spec.options
    read = [str(one) for one in (options.corpus, options.demonstrations) if one is not None]
    parts = (
        *read,
        str(options.model),
        str(options.verifier),
        spec.problems,
        spec.limit,
        spec.seed,
        spec.bins,
        spec.revision,
        spec.task,
        options.aggregate,
        dict(options.sampling),
    )
    return "compare-" + blake2b(msgspec.json.encode(parts), digest_size=4).hexdigest()
