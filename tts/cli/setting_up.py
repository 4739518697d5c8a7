"""The commands that set up a project and look at the machine; what they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.options import flags_of
from tts.cli.settings import settings_of
from tts.eval.recipe import ModelKeys

setting_up = typer.Typer()


@setting_up.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where the recipe goes.")] = Path("recipe.yaml"),
) -> None:
    """Write a recipe with every key explained. Ready to be changed."""
    from tts.cli.init import write_recipe

    write_recipe(file)


@setting_up.command()
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """The script that completes commands and flags. For the shell to read as it starts.

    bash: `tts completion bash > ~/.tts-completion`, and `source ~/.tts-completion` in ~/.bashrc;
    zsh: `tts completion zsh > FOLDER/_tts` for a folder of $fpath;
    fish: `tts completion fish > ~/.config/fish/completions/tts.fish`.
    """
    from tts.cli.completion import completion_script
    from tts.cli.screen import write_out

    write_out(completion_script(shell))


@setting_up.command()
@flags_of(ModelKeys, only=("base_url", "api_key_env"))
def doctor(
    context: typer.Context,
    model: Annotated[
        str, typer.Option(help="vllm:FOLDER: which kernels vLLM would serve it with, and why.")
    ] = "",
    ledger: Annotated[str, typer.Option(help="File or database URL of the ledger.")] = "tts.db",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    *,
    options: dict[str, Any],
) -> None:
    """What is installed, isolated, reachable and whole. Nothing is generated or billed."""
    from tts.cli.doctor import show_health
    from tts.cli.tune import show_kernels
    from tts.options import SessionOptions

    if model:
        show_kernels(model, as_json=as_json)
    else:
        show_health(ledger, SessionOptions(**options), settings_of(context), as_json=as_json)


@setting_up.command()
def sandbox(
    action: Annotated[str, typer.Argument(help="levels, or check: the hostile suite.")] = "levels",
    level: Annotated[str, typer.Option(help="Of check; empty: the strongest here.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """How generated code is isolated on this machine. And what hostile programs make of it."""
    from tts.cli.sandbox import run_sandbox

    run_sandbox(action, level, as_json=as_json)
