"""What grades recorded answers, programs among them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tts.equivalence import Equivalence, Verdict
from tts.eval.kept import Kept, beside
from tts.verifiers.code import ProgramGrader, SharedSandbox
from tts.verifiers.sandbox import Sandbox


@asynccontextmanager
async def grading(ledger: str | Path | None = None) -> AsyncIterator[Equivalence]:
    """Equivalence for as long as the block lasts; its sandbox is opened at the first program.

    Of a ledger's programs the verdicts are those kept beside it, and new ones are kept there.
    Comparing two programs then raises `IsolationTooLow` where this machine does not isolate them.
    """
    box = SharedSandbox(Sandbox)
    known = None if ledger is None else verdicts_beside(ledger)
    try:
        async with Equivalence(programs=ProgramGrader(box, known)) as equivalence:
            yield equivalence
    finally:
        await box.close()


def verdicts_beside(ledger: str | Path) -> Kept[Verdict]:
    """The verdicts on programs that are kept beside a ledger; of one that is no file, in memory."""
    return Kept(beside(ledger), Verdict)
