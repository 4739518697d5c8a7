"""`scripted:FILE`: a model that says what a file tells it to say."""

from __future__ import annotations

from pathlib import Path

from tts.backends.scripted_file import FileGenerator
from tts.options import SessionOptions
from tts.protocols import Generator


async def open_scripted(name: str, options: SessionOptions) -> Generator:
    """`scripted:FILE`, JSON Lines of what is said where: for tests of whole pipelines."""
    return FileGenerator.read(Path(name))
