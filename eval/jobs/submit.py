"""From a recipe to the row that any worker can work from, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tts.errors import BadInput, UsageError
from tts.eval.manifest import job_name
from tts.eval.recipe import Recipe, recipe_of
from tts.ledger.controls import Controls, Submission

GROWS = frozenset(
    {"strategies", "budgets", "repeats", "baseline", "title", "order", "wallet", "window", "select"}
    | {"concurrency", "requests_per_minute", "tokens_per_minute", "retries", "timeout", "adaptive"}
    | {"limit", "runtimes", "skip_bad"}
)
"""Keys that may differ when a job is submitted again: more is asked of it, or in another way."""


def submission(recipe: Recipe, *, job: str = "", out: Path | None = None) -> Submission:
    """A recipe as a job that starts in this folder; its name follows from what it compares."""
    keys = recipe.model_dump(mode="json", include=recipe.model_fields_set)
    return Submission(
        job=job or job_name(recipe.spec()),
        recipe=msgspec.json.encode(keys, order="deterministic").decode(),
        folder=str(Path.cwd()),
        out="" if out is None else str(out.resolve()),
    )


def submissions(parts: Mapping[str, Recipe], *, job: str, out: Path | None) -> list[Submission]:
    """Each part of a recipe as a job, with a name and a folder of its own."""
    return [
        submission(chosen, job=f"{job}-{name}" if job and name else job, out=out and out / name)
        for name, chosen in parts.items()
    ]


def recipe_in(submitted: Submission) -> Recipe:
    """The recipe of a submission; raises `BadInput` where this version knows its keys no more."""
    keys: dict[str, Any] = msgspec.json.decode(submitted.recipe)
    return recipe_of(keys, where=f"Job {submitted.job}", flags=())


def submit(controls: Controls, wanted: Submission) -> Submission:
    """Queue a job, or a job again; raises `UsageError` where its name is that of other work."""
    old = controls.find(wanted.job)
    if old is not None and (changed := _changed(old, wanted)):
        raise UsageError(
            f"Job {wanted.job!r} was submitted with other {', '.join(changed)}. "
            "Submit this under another --job."
        )
    return controls.submit(wanted)


def _changed(old: Submission, new: Submission) -> list[str]:
    """Keys that make it other work."""
    try:
        before, after = msgspec.json.decode(old.recipe), msgspec.json.decode(new.recipe)
    except msgspec.DecodeError as error:
        raise BadInput(f"Job {old.job}: its recipe cannot be read ({error}).") from error
    names = sorted({*before, *after} - GROWS)
    return [name for name in names if before.get(name) != after.get(name)]
