"""`tts ledger`: what stands in a ledger, another ledger of it, and less of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts.cli.groups import Showing

ledger_app = typer.Typer(
    name="ledger",
    cls=Showing,
    help="What a recorded job cost; upkeep of a ledger. `tts ledger FILE` shows.",
)
Place = Annotated[str, typer.Argument(help="File or database URL of the ledger.")]


@ledger_app.command()
def show(
    place: Annotated[str, typer.Argument(help="File or database URL of the ledger.")] = "tts.db",
    job: Annotated[str, typer.Option(help="One job; empty: the only one, or just the list.")] = "",
    by: Annotated[
        str, typer.Option(help="strategy, model, role, problem, run or job.")
    ] = "strategy",
    export: Annotated[
        Path | None, typer.Option(help="Write a table: .csv, .jsonl, .parquet.")
    ] = None,
    table: Annotated[str, typer.Option(help="Which table to export.")] = "calls",
    pool: Annotated[
        Path | None, typer.Option(help="Write its draws as rows of a pool: .jsonl, .jsonl.gz.")
    ] = None,
    inspect: Annotated[
        Path | None, typer.Option(help="Write a log of inspect_ai for each row into this folder.")
    ] = None,
) -> None:
    """What a recorded job cost, or its rows as a file. CSV, JSON Lines or Parquet by its ending.

    Example: tts ledger tts.db --by model
    """
    from tts.cli.ledger import export_ledger, show_ledger

    if pool is not None:
        from tts.cli.replay import export_pool

        export_pool(place, job, pool)
    elif inspect is not None:
        from tts.cli.replay import export_inspect

        export_inspect(place, job, inspect)
    elif export is not None:
        export_ledger(place, table, export, job)
    else:
        show_ledger(place, job, by)


@ledger_app.command()
def copy(
    source: Place,
    target: Annotated[str, typer.Argument(help="File or URL of a ledger that is not there yet.")],
) -> None:
    """Copy a whole ledger, and compare counts and sums. Between SQLite and PostgreSQL, too."""
    from tts.cli.screen import Screen
    from tts.ledger.copy import copy_ledger

    copied = copy_ledger(source, target)
    said = ", ".join(f"{rows:,} {name}" for name, rows in copied.items() if rows)
    Screen(soft_wrap=True).print(f"copied and compared: {said or 'an empty ledger'}")


@ledger_app.command()
def prune(
    job: Annotated[str, typer.Argument(help="The job that goes, with all that is only its own.")],
    ledger: Annotated[str, typer.Option(help="File or database URL of the ledger.")] = "tts.db",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a job out of a ledger. Its calls, runs and bills: what it would cost again is paid again."""
    from tts.cli.screen import Screen
    from tts.errors import UsageError
    from tts.ledger.upkeep import prune as take_out

    if not yes and not typer.confirm(f"Take everything of job {job} out of {ledger}?"):
        raise UsageError("Nothing was taken out.")
    gone = take_out(ledger, job)
    said = (
        f"{job} is gone: {gone.runs:,} runs, {gone.rows:,} rows; tts ledger vacuum frees their room"
    )
    Screen(soft_wrap=True).print(said)


@ledger_app.command()
def vacuum(place: Place = "tts.db") -> None:
    """Give what holds nothing any more back to the disk."""
    from tts.cli.screen import Screen
    from tts.ledger.upkeep import vacuum as free

    before, after = free(place)
    Screen(soft_wrap=True).print(f"{before / 1e6:,.1f} MB before, {after / 1e6:,.1f} MB now")
