"""The commands that show what was recorded: a run, a job, a folder, a page over all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

reports = typer.Typer()
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for the report and its data; else out/JOB and out/latest."),
]
CostAxis = Annotated[
    str,
    typer.Option(
        help="What costs are compared by: tokens, fresh, generated, flops, fresh-flops, dollars, "
        "fresh-dollars, seconds, idealised-seconds, joules."
    ),
]


@reports.command()
def trace(
    place: Annotated[str, typer.Argument(help="File or database URL of the ledger.")] = "tts.db",
    run: Annotated[str, typer.Argument(help="Beginning of the run's id; empty: list them.")] = "",
    job: Annotated[str, typer.Option(help="One job; empty: the only one.")] = "",
    html: Annotated[Path | None, typer.Option(help="Write a self-contained page here.")] = None,
    all_nodes: Annotated[bool, typer.Option("--all", help="Also every pruned draw.")] = False,
) -> None:
    """The runs of a job, or what one of them did. Its tree of draws, scores, pruned branches and
    costs.

    Example: tts trace tts.db 3f2a
    """
    from tts.cli.traces import show_trace

    show_trace(place, run, job, page=html, all_nodes=all_nodes)


@reports.command()
def report(
    place: Annotated[str, typer.Argument(help="File or database URL of the ledger.")] = "tts.db",
    job: Annotated[str, typer.Argument(help="One job; empty: the only one.")] = "",
    out: Out = None,
    cost_axis: CostAxis = "tokens",
    runtimes: Annotated[
        Path | None, typer.Option(help="Fits of tts tune --idealized: idealised seconds.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Folder for every figure, as SVG and PNG.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="Folder for every table, as Parquet.")
    ] = None,
) -> None:
    """The report of what a ledger holds of a job. Finished or not; no model is needed.

    Example: tts report tts.db my-job --out out/my-job
    """
    from tts.cli.report import show_report

    show_report(place, job, out, cost_axis, runtimes, figures=figures, parquet=parquet)


@reports.command()
def results(
    folder: Annotated[Path, typer.Argument(help="Where `tts compare --out` wrote.")] = Path("out"),
    markdown: Annotated[Path | None, typer.Option(help="Write here; else to the screen.")] = None,
    cost_axis: CostAxis = "tokens",
) -> None:
    """Finished comparisons as one page of tables. With intervals and what could be detected."""
    from tts.cli.report import show_results

    show_results(folder, markdown, cost_axis)


@reports.command()
def view(
    place: Annotated[str, typer.Argument(help="A ledger, or a folder of reports.")] = "tts.db",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8418,
    browse: Annotated[bool, typer.Option("--open", help="Open the browser at it.")] = False,
) -> None:
    """Jobs, problems, runs and spending in the browser. For this machine alone, over a ledger or
    reports.

    Example: tts view tts.db --open
    """
    from tts.cli.view import view as show

    show(place, port, browse=browse)
