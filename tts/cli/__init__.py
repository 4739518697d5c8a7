"""The command line."""

from tts.cli.guard import main

__all__ = ["main"]
