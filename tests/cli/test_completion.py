"""Shells complete commands and flags by a script of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.cli.completion import completion_script
from tts.errors import UnknownName


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_tts(shell: str) -> None:
    found = CliRunner().invoke(app, ["completion", shell])
    assert found.exit_code == 0
    assert "_TTS_COMPLETE" in found.stdout


def test_another_shell_is_told_which_there_are() -> None:
    with pytest.raises(UnknownName, match="bash, fish, zsh"):
        completion_script("tcsh")


@pytest.mark.parametrize(
    ("typed", "follows"), [("tts est", "estimate"), ("tts run x --bud", "--budget")]
)
def test_bash_completes_commands_and_flags(tmp_path: Path, typed: str, follows: str) -> None:
    named = tmp_path / "tts"
    named.write_text(f'#!/bin/sh\nexec {sys.executable} -m tts.cli "$@"\n')
    named.chmod(0o755)
    (tmp_path / "script").write_text(completion_script("bash"))
    last = len(typed.split()) - 1
    asked = (
        f"PATH={tmp_path}:$PATH; . {tmp_path}/script; COMP_WORDS=({typed}); COMP_CWORD={last}; "
        "_tts_completion tts; echo ${COMPREPLY[@]}"
    )
    said = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [follows]
