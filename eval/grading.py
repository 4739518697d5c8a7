"""What grades recorded answers, programs among them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tts.equivalence import Equivalence
from tts.verifiers.code import ProgramGrader, SharedSandbox
from tts.verifiers.sandbox import Sandbox


@asynccontextmanager
async def grading() -> AsyncIterator[Equivalence]:
    """Equivalence for as long as the block lasts; its sandbox is opened at the first program.

    Comparing two programs then raises `IsolationTooLow` where this machine does not isolate them.
    """
    box = SharedSandbox(Sandbox)
    try:
        async with Equivalence(programs=ProgramGrader(box)) as equivalence:
            yield equivalence
    finally:
        await box.close()
