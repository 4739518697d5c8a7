"""Data that is not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

from tts.errors import UsageError

VARIABLE = "TTS_TEST_DATA"


class NeedsData(UsageError):
    """A benchmark on real data was asked for where there is none."""


def data_folder(part: str) -> Path:
    """A part of the folder of real data; raises `NeedsData` where it is not there."""
    folder = os.environ.get(VARIABLE)
    if not folder or not (Path(folder) / part).is_dir():
        raise NeedsData(f"This benchmark needs real data: let {VARIABLE} name its folder.")
    return Path(folder) / part
