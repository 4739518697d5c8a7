"""`tts completion SHELL`: the script by which a shell completes commands and flags."""

from __future__ import annotations

import os
from typing import Literal, get_args

from typer.completion import (  # type: ignore[attr-defined]
    completion_init,  # pyright: ignore[reportPrivateImportUsage]
    get_completion_script,  # pyright: ignore[reportPrivateImportUsage]
)

from tts.errors import UnknownName

Shell = Literal["bash", "zsh", "fish"]
ASKED = "_TTS_COMPLETE"
"""An environment variable by which the script asks this program what may follow."""


def completion_script(shell: str) -> str:
    """What the shell has to read once; raises `UnknownName` for another shell."""
    if shell not in get_args(Shell):
        raise UnknownName("shell", shell, get_args(Shell))
    return get_completion_script(prog_name="tts", complete_var=ASKED, shell=shell)


def answer_shells() -> None:
    """Where a shell asks, the argument parser answers it in that shell's form."""
    if ASKED in os.environ:
        completion_init()
