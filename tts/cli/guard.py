"""The boundary of the command line: whatever goes wrong is one line and an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence

from tts.cli.exits import (
    BROKEN,
    CODES,
    FAILED,
    MISUSED,
    UNISOLATED,
    Interrupted,
    raise_interrupted,
    signals_to,
)

DEBUG = "TTS_DEBUG"
"""An environment variable: where it is set, errors come with their traceback."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `tts`; ends the process with the command's exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with signals_to(raise_interrupted):
            code = guarded(sys.argv[1:] if arguments is None else arguments)
    except Interrupted as stop:
        code = _told(str(stop), stop.code)
    _leave(code)


def guarded(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. `Interrupted` passes through."""
    try:
        return command(arguments)
    except BrokenPipeError:
        return _unread()
    except Exception as error:  # noqa: BLE001 whatever it is, it is told in one line
        return told(error)


def command(arguments: Sequence[str]) -> int:
    """The command itself, without typer's own exits."""
    from typer.main import get_command

    from tts.cli.app import app
    from tts.cli.completion import answer_shells

    answer_shells()
    try:
        found = get_command(app).main(
            respelled(arguments) or ["--help"], prog_name="tts", standalone_mode=False
        )
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED if end.code else 0
    return found if isinstance(found, int) else 0


def respelled(arguments: Sequence[str]) -> list[str]:
    """`allocate rag FILE` is `allocate-rag FILE`; a file that is called rag has options behind it."""
    first, second, third = (*arguments[:3], "", "", "")[:3]
    if (first, second) == ("allocate", "rag") and third and not third.startswith("-"):
        return ["allocate-rag", *arguments[2:]]
    return list(arguments)


def told(error: Exception) -> int:
    """Say an error in one line, or a few where it lists several things; its exit code."""
    from tts.errors import CallError, CallFailed, IsolationTooLow, TTSError, described

    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    if (worded := getattr(error, "format_message", None)) is not None:  # of the argument parser
        return _misused(worded(), getattr(getattr(error, "ctx", None), "command_path", "tts"))
    if isinstance(error, CallError | CallFailed):
        return _told(str(error), FAILED)
    if isinstance(error, IsolationTooLow):
        return _told(str(error), UNISOLATED)
    if isinstance(error, TTSError):
        return _told(str(error), MISUSED)
    if isinstance(error, OSError) and error.strerror:
        return _told(f"{error.filename or 'input or output'}: {error.strerror}.", MISUSED)
    return _told(f"{described(error)}. This is a fault of tts; {DEBUG}=1 shows where.", BROKEN)


def _misused(said: str, place: str) -> int:
    """Of a group without a command the parser says its help, as it is."""
    if not said.startswith("Usage: "):
        return _told(f"{said.rstrip('.')}. See {place} --help.", MISUSED)
    sys.stderr.write(f"{said}\n")
    return MISUSED


def _told(message: str, code: int) -> int:
    from tts.cli.screen import complain

    complain(message)
    return code


def _unread() -> int:
    """Nobody reads the output any more, as behind `head`: no error, and nothing to flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CODES + 13


def _leave(code: int) -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _unread() if isinstance(error, BrokenPipeError) else told(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
