"""What a process of its own does to its heap."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

GROWN = """
import sys, threading
import numpy as np
from tts.engine.fewer_collections import steady_heap
from tts.eval.bench.measuring import resident

if sys.argv[1] == "steady":
    assert steady_heap() == "glibc"
np.ones(3 << 20)  # freed at once: glibc now takes blocks of up to 24 MiB from the heap
before, blocks, kept = resident(), [], []
for _ in range(50):
    blocks.append(np.ones(1 << 17))
    kept.append(bytearray(100 << 10))
blocks.clear()
print(resident() - before - 50 * 100)
"""


def grown(how: str) -> int:
    """KiB beyond what is kept, once large arrays between blocks that stay are freed."""
    said = subprocess.run(
        [sys.executable, "-c", GROWN, how], capture_output=True, text=True, check=True
    )
    return int(said.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_large_blocks_go_back_to_the_system() -> None:
    assert grown("steady") < 10 << 10 < grown("as it is")
