"""The commands that prepare answering from documents, and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.options import flags_of
from tts.eval.recipe import ModelKeys

reading = typer.Typer()


@reading.command(name="question-policy")
def question_policy(
    file: Annotated[Path, typer.Argument(help="Recorded answers: a ledger, or a question a line.")],
    gold: Annotated[
        Path | None, typer.Option(help="FILE is ProbTree's recorded trees: their right answers.")
    ] = None,
    job: Annotated[str, typer.Option(help="Which job of a ledger.")] = "",
    ways: Annotated[
        str, typer.Option(help="Its strategies: from nothing, from documents, from hops.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Write the policy for adaptive_rag.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """A policy for adaptive_rag, fitted and judged. Recorded answers fit it, others of them judge."""
    from tts.cli.question_policy import show_policy

    show_policy(file, gold=gold, job=job, ways=ways, out=out, as_json=as_json)


@reading.command()
@flags_of(ModelKeys, without=("demonstrations",))
def demonstrations(
    problems: Annotated[str, typer.Argument(help="Training questions with answers.")],
    strategy: Annotated[str, typer.Option(help="The loop whose hops are shown.")] = "iterdrag",
    budget: Annotated[str, typer.Option(help="Of each question: '8k tokens'; none.")] = "none",
    test: Annotated[str, typer.Option(help="Questions that no demonstration may come from.")] = "",
    judge: Annotated[
        str, typer.Option(help="Questions by which the number of demonstrations is chosen.")
    ] = "",
    worth: Annotated[
        float, typer.Option(min=0, help="Share of right answers that 1,000 tokens are worth.")
    ] = 0.0,
    ledger: Annotated[
        str | None, typer.Option(help="Record the calls; goes on from there.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The demonstrations, the best first.")] = Path(
        "demonstrations.jsonl"
    ),
    *,
    options: dict[str, Any],
) -> None:
    """Worked examples for answering from documents. From runs on training questions that end right
    and find their support.

    Example: tts demonstrations train.jsonl --corpus documents.jsonl --model openai:my-model
    """
    from tts.cli.demonstrations import make

    how: dict[str, Any] = {"strategy": strategy, "budget": budget, "test": test, "judge": judge}
    make(problems, options, worth=worth, ledger=ledger, out=out, **how)
