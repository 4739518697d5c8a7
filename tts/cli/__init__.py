"""The command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of `tts`: errors of the user are one message and exit code 2."""
    from tts.cli.app import app
    from tts.errors import TTSError

    try:
        app()
    except TTSError as error:
        from rich.console import Console

        Console(stderr=True).print(f"tts: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)


__all__ = ["main"]
