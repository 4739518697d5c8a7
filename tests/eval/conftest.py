from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def real_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    folder = os.environ.get("TTS_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TTS_TEST_DATA names no folder of real data")
    return Path(folder)
