"""The command that serves, with its flags; what it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.options import flags_of
from tts.cli.settings import settings_of
from tts.eval.recipe import ModelKeys
from tts.options import SessionOptions

served = typer.Typer()


@served.command()
@flags_of(ModelKeys, without=("model",))
def serve(
    context: typer.Context,
    model: Annotated[
        list[str], typer.Option(help="BACKEND:MODEL, or NAME=BACKEND:MODEL; repeat for several.")
    ] = [],  # noqa: B006
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8080,
    keys: Annotated[
        Path | None, typer.Option(help="Keys with budgets and limits, YAML; none: anybody.")
    ] = None,
    ledger: Annotated[str, typer.Option(help="File or database URL of the ledger.")] = "tts.db",
    strategy: Annotated[
        str, typer.Option(help="Where a request names none.")
    ] = "single(temperature=null)",
    policy: Annotated[
        list[str], typer.Option(help="NAME=FILE of tts calibrate, asked for as NAME; repeat.")
    ] = [],  # noqa: B006
    task: Annotated[str, typer.Option(help="How answers are read; empty: as text.")] = "",
    most_choices: Annotated[int, typer.Option(min=1, help="Largest n of a request.")] = 16,
    most_bytes: Annotated[int, typer.Option(min=1, help="Largest body.")] = 4 << 20,
    in_flight: Annotated[int, typer.Option(min=1, help="Most requests at once.")] = 1024,
    *,
    options: dict[str, Any],
) -> None:
    """Serve the OpenAI API with strategies behind it. With budgets and a ledger, too.

    Example: tts serve --model openai:my-model --base-url http://localhost:8000/v1 --port 8080
    """
    from tts.cli.serve import run_server

    limits = {"most_choices": most_choices, "most_bytes": most_bytes, "in_flight": in_flight}
    run_server(
        options,
        models=model or [settings_of(context).values.get("model", SessionOptions.model)],
        host=host,
        port=port,
        keys=keys,
        ledger=ledger,
        strategy=strategy,
        policy=policy,
        task=task,
        limits=limits,
    )
