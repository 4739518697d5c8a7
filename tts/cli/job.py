"""`tts job`: comparisons that are submitted once, and worked at by any number of processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.options import flags_of
from tts.errors import UsageError
from tts.eval.recipe import Recipe

job_app = typer.Typer(
    name="job",
    help="Comparisons as jobs. Submit, work, watch, pause, resume, cancel, retune.",
    no_args_is_help=True,
)
LedgerPlace = Annotated[str, typer.Option(help="File or database URL of the ledger.")]
Name = Annotated[str, typer.Argument(help="The job, or the beginning of its name.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@job_app.command()
@flags_of(Recipe)
def submit(
    recipe: Annotated[Path | None, typer.Argument(help="A YAML recipe; flags go on top.")] = None,
    part: Annotated[str, typer.Option(help="Of a recipe with parts, this one.")] = "",
    ledger: LedgerPlace = "tts.db",
    job: Annotated[str, typer.Option(help="Its name; empty: derived from the recipe.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for its report; else out/JOB.")] = None,
    *,
    options: dict[str, Any],
    under: dict[str, Any],
) -> None:
    """Queue a comparison. `tts job work` does it, here or on another machine.

    Example: tts job submit recipe.yaml
    """
    from tts.cli.compare import recipes
    from tts.cli.jobs import submit_jobs

    submit_jobs(recipes(recipe, options, part, under), ledger=ledger, job=job, out=out)


@job_app.command()
def work(
    jobs: Annotated[list[str] | None, typer.Argument(help="Only these; none: all.")] = None,
    ledger: LedgerPlace = "tts.db",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for more when all is done.")] = False,
    cost_axis: Annotated[str, typer.Option(help="What the tables compare costs by.")] = "tokens",
    junit: Annotated[Path | None, typer.Option(help="Folder for JOB.xml, as JUnit XML.")] = None,
    on: Annotated[str, typer.Option(help="Workers on a cluster: ray, ray://HOST:PORT.")] = "",
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many; on a cluster one per node.")
    ] = None,
    metrics: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Counts for Prometheus at this port; 0: a free one."),
    ] = None,
) -> None:
    """Work at what is queued, the oldest first. Several workers share the problems of a job."""
    if (on or workers) and metrics is not None:
        raise UsageError(
            "--metrics counts one process: give it to workers that you start yourself."
        )
    if on or workers:
        from tts.cli.workers import opened, work_by

        more: dict[str, Any] = {"ledger": ledger, "wait": wait, "cost": cost_axis, "junit": junit}
        return work_by(lambda: opened(on, workers), jobs or [], workers=workers, **more)
    from tts.cli.metrics import metered
    from tts.cli.work import work_jobs

    with metered(metrics) as told:
        how: dict[str, Any] = {"ledger": ledger, "wait": wait, "watched_by": told}
        work_jobs(jobs or [], cost=cost_axis, junit=junit, **how)


@job_app.command(name="list")
def list_jobs(ledger: LedgerPlace = "tts.db", as_json: AsJson = False) -> None:
    """The jobs of a ledger: state, progress, workers."""
    from tts.cli.jobs import show_jobs

    show_jobs(ledger, as_json=as_json)


@job_app.command()
def status(job: Name, ledger: LedgerPlace = "tts.db", as_json: AsJson = False) -> None:
    """One job: state, progress, workers and bill. And what it waits for."""
    from tts.cli.jobs import show_status

    show_status(job, ledger, as_json=as_json)


@job_app.command()
def watch(
    job: Name,
    ledger: LedgerPlace = "tts.db",
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 2.0,
) -> None:
    """A line whenever something changes. Until the job has ended, is paused or waits."""
    from tts.cli.jobs import watch_job

    watch_job(job, ledger, every)


@job_app.command()
def pause(job: Name, ledger: LedgerPlace = "tts.db") -> None:
    """Send nothing more. What is in flight ends, and nothing is lost."""
    from tts.cli.jobs import wish

    wish(job, ledger, "pause")


@job_app.command()
def resume(
    job: Name,
    ledger: LedgerPlace = "tts.db",
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run again what failed or lost draws.")
    ] = False,
) -> None:
    """Queue a job again. One that was paused, or that waited for something to be mended."""
    from tts.cli.jobs import resume_job

    resume_job(job, ledger, retry_failed=retry_failed)


@job_app.command()
def cancel(job: Name, ledger: LedgerPlace = "tts.db") -> None:
    """End a job for good. What it has stays, and submitting it again goes on from there."""
    from tts.cli.jobs import wish

    wish(job, ledger, "cancel")


@job_app.command()
def retune(
    job: Name,
    ledger: LedgerPlace = "tts.db",
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Calls in flight of one worker.")
    ] = None,
    rpm: Annotated[float | None, typer.Option(help="Requests per minute.")] = None,
    tpm: Annotated[float | None, typer.Option(help="Tokens per minute.")] = None,
    wallet: Annotated[
        str | None, typer.Option(help="What the whole job may be billed; 'none'.")
    ] = None,
) -> None:
    """Change the limits of a job, while it runs or before."""
    from tts.cli.jobs import retune_job

    retune_job(job, ledger, concurrency=concurrency, rpm=rpm, tpm=tpm, wallet=wallet)
