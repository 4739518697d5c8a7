"""What a strategy lacks is told before anything is sent; who says that it reads nothing is not tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from tts.engine import SessionOptions, open_session
from tts.engine.estimate import refuse
from tts.errors import UsageError
from tts.run import Run, may_read
from tts.strategies import DRAG, DVTS, BeamSearch, Rebase
from tts.strategies.base import StrategyBase
from tts.strategies.parts.select import Select, most_voted
from tts.values import Budget, Candidate, Problem

PROBLEM = Problem(id="p", prompt="Compute 1 + 1.", task="arithmetic")


class Asking(StrategyBase):
    """Wants documents."""

    name = "asking"

    def selection(self) -> Select:
        return most_voted

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        await run.retrieve(problem.prompt, 1)
        return None


class Silent(Asking):
    """Says that it does not."""

    reads: ClassVar[bool] = False


async def looked_at(strategy: Any, **options: Any) -> None:
    session = await open_session(SessionOptions(model="embedded:small", **options))
    try:
        await refuse(PROBLEM, [strategy], [Budget()], session, wallet=Budget())
    finally:
        await session.close()


async def test_without_a_corpus_who_may_read_documents_is_tried_beforehand() -> None:
    with pytest.raises(UsageError, match=r"^asking: .*--corpus FILE.* Nothing was sent\."):
        await looked_at(Asking())


async def test_who_says_that_it_reads_nothing_is_not_tried_for_want_of_documents() -> None:
    await looked_at(Silent())


async def test_with_a_corpus_a_lack_of_demonstrations_is_told_beforehand(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"id": "a", "text": "One and one is two."}\n')
    with pytest.raises(UsageError, match=r"^drag: Of m=2 .*--demonstrations.* Nothing was sent\."):
        await looked_at(DRAG(k=1, m=2), corpus=corpus)


@pytest.mark.parametrize("strategy", [BeamSearch(n=4), DVTS(n=4), Rebase(n=4)])
def test_searches_whose_dry_run_is_long_read_nothing(strategy: Any) -> None:
    assert not may_read(strategy)
    assert may_read(Asking()) and not may_read(Silent())
