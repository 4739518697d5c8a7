"""The commands that prepare answering from documents, and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

reading = typer.Typer()


@reading.command(name="question-policy")
def question_policy(
    file: Annotated[Path, typer.Argument(help="Recorded answers, one question a line.")],
    gold: Annotated[
        Path | None, typer.Option(help="FILE is ProbTree's recorded trees: their right answers.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the policy for adaptive_rag.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """A policy for adaptive_rag fitted to recorded answers, and judged on others of them."""
    from tts.cli.question_policy import show_policy

    show_policy(file, gold=gold, out=out, as_json=as_json)
