"""What the suite of the small language model shares."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tts.backends.llama_cpp import LlamaServer


def counted(server: LlamaServer, name: str) -> int:
    """A counter of the server, as it tells it itself."""
    place = server.url.removesuffix("/v1") + "/metrics"
    with urllib.request.urlopen(place) as answer:
        found = re.search(rf"^llamacpp:{name} (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


@pytest.fixture
def metric() -> Callable[[Any, str], int]:
    return counted
