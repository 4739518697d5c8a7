"""`tts compare` and `tts eval` with `--workers` or `--on`: submitted, and left to workers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tts.cli.jobs import resume_job
from tts.cli.workers import opened, work_by
from tts.errors import BadInput
from tts.eval.jobs import submissions, submit
from tts.eval.recipe import Recipe
from tts.ledger import Controls


def leave_parts(
    parts: Mapping[str, Recipe],
    *,
    workers: int | None,
    on: str,
    ledger: str,
    job: str,
    out: Path | None,
    retry_failed: bool,
    cost: str,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Queue each part and stay until workers have done them; exits as `tts job work` does."""
    given = [flag for flag, is_given in (("--junit", junit), ("--json", as_json)) if is_given]
    if given:
        raise BadInput(
            f"{given[0]} is of one process, and not beside --workers or --on: "
            "tts job submit and tts job work --junit FOLDER do the same apart."
        )
    wanted = submissions(parts, job=job, out=out)
    with closing(Controls.open(ledger)) as controls:
        for one in wanted:
            submit(controls, one)
    for one in wanted if retry_failed else ():
        resume_job(one.job, ledger, retry_failed=True)
    how: dict[str, Any] = {"wait": False, "cost": cost, "junit": None}
    names = [one.job for one in wanted]
    work_by(lambda: opened(on, workers), names, ledger=ledger, workers=workers, **how)
