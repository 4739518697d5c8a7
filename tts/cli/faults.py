"""`tts faults`: a model server that fails as a plan says, for whoever wants to try a client."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

faults_app = typer.Typer(
    name="faults",
    help="A model server that misbehaves as a plan says. To try clients and jobs against.",
    no_args_is_help=True,
)


@faults_app.callback()
def faults() -> None:
    """A model server that misbehaves as a plan says. To try clients and jobs against."""


@faults_app.command()
def serve(
    plan: Annotated[
        Path | None, typer.Option(help="JSON: which request meets what; none: all goes well.")
    ] = None,
    like: Annotated[
        str, typer.Option(help="A server to be like: ollama, tgi, azure, …; instead of a plan.")
    ] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 0,
    words: Annotated[
        int | None, typer.Option(min=1, help="Tokens of a draw; goes on top of the plan.")
    ] = None,
    latency: Annotated[
        float | None, typer.Option(min=0, help="Seconds of an answer; goes on top of the plan.")
    ] = None,
) -> None:
    """Serve the OpenAI API on this machine, with faults. One line says the URL, Ctrl-C ends it."""
    from tts.cli.fault_serving import serve_faults

    serve_faults(plan, like=like, port=port, words=words, latency=latency)
