"""Demonstrations of a JSONL file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tts.errors import BadInput
from tts.values import Demonstration


def read_demonstrations(path: Path) -> tuple[Demonstration, ...]:
    """One a line: `question`, `answer`, and where known `hops` (each a `question` with its
    `answer`) and `documents` (each an `id` and a `text`). Raises `BadInput` with file and line."""
    found = []
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    found.append(_demonstration(line, f"{path}:{number}"))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}).") from error
    if not found:
        raise BadInput(f"{path}: holds no demonstration.")
    return tuple(found)


def _demonstration(line: str, where: str) -> Demonstration:
    try:
        return msgspec.json.decode(line, type=Demonstration)
    except msgspec.MsgspecError as error:
        raise BadInput(f"{where}: is no demonstration ({error}).") from error
