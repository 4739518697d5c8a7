"""`done` means that every draw asked for came; otherwise the result says what is missing and why."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tts.errors import CallFailed, LedgerError
from tts.ledger import MemoryJournal, decode_result, encode_result
from tts.protocols import OutcomeRow, RunRow
from tts.strategies import BeamSearch, BestOfN, MajorityVote, WeightedBestOfN
from tts.values import Budget


class Odd:
    """A model whose every other draw raises what a model never should."""

    def __init__(self, inner: Any, error: Any) -> None:
        self.inner, self.error, self.calls = inner, error, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, request: Any, *rest: Any) -> Any:
        self.calls += 1
        if request.indices[0] % 2:
            if callable(self.error):
                return self.error()
            raise self.error
        return await self.inner.generate(request, *rest)


class Foreign(BaseException):
    """An exception that is no `Exception`."""


ERRORS = [
    TypeError("NoneType"),
    StopIteration(),
    StopAsyncIteration(),
    RecursionError("deep"),
    MemoryError(),
    ExceptionGroup("several", [ValueError("one")]),
    BaseExceptionGroup("several", [Foreign("one")]),
    SystemExit(3),
    Foreign("odd"),
    asyncio.CancelledError(),
    CallFailed("nested"),
    lambda: None,
    lambda: 7,
]


def model(lab: Any, error: Any) -> Odd:
    return Odd(lab.scripted([f"{i} \\boxed{{7}}" for i in range(16)]), error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_operation_that_raises_anything_is_a_journalled_failure(lab: Any, error: Any) -> None:
    book = MemoryJournal(job="lab")
    odd = model(lab, error)
    result = lab.run(lab.solve(MajorityVote(n=8), odd, journal=book))
    assert (result.answer, result.stopped_by, len(result.candidates)) == ("7", "incomplete", 4)
    assert sum(result.missing.values()) == 4 and result.error is None
    assert [row.kind for row in lab.rows(book, OutcomeRow)] == ["failed"] * 4
    assert odd.calls == 8, "what is a bug is not tried again"


@pytest.mark.parametrize("strategy", [MajorityVote(n=8), BestOfN(n=8), WeightedBestOfN(n=8)])
@pytest.mark.parametrize("budget", [None, Budget(calls=40)])
@pytest.mark.parametrize("life", [3, 9, 14, 20, 31])
def test_killed_and_resumed_it_misses_the_same_draws(
    lab: Any, strategy: Any, budget: Any, life: int
) -> None:
    whole = lab.run(lab.solve(strategy, model(lab, TypeError("x")), budget=budget))
    dying = lab.MortalJournal(job="lab", life=life)
    with suppress(LedgerError):
        lab.run(lab.solve(strategy, model(lab, TypeError("x")), journal=dying, budget=budget))
    again = lab.run(
        lab.solve(strategy, model(lab, TypeError("x")), journal=lab.again(dying), budget=budget)
    )
    assert (again.stopped_by, again.missing, again.usage, again.answer) == (
        whole.stopped_by,
        whole.missing,
        whole.usage,
        whole.answer,
    )
    assert (again.stopped_by, again.missing) == ("incomplete", {"Crashed: TypeError: x": 4})


def test_a_lost_verdict_is_missing_and_what_waited_for_it_is_not_counted_again(lab: Any) -> None:
    def scores(_: Any, steps: Any, place: int) -> float:
        if steps[0].startswith("3"):
            raise ZeroDivisionError("score")
        return 0.5

    lines = [f"{i} \\boxed{{7}}" for i in range(8)]
    result = lab.run(lab.solve(BestOfN(n=8), lab.scripted(lines), scores=scores))
    assert (result.answer, result.stopped_by) == ("7", "incomplete")
    assert result.missing == {"Crashed: ZeroDivisionError: score": 1}


def test_a_verifier_made_of_local_code_is_missed_as_well(lab: Any) -> None:
    class Local:
        name = identity = "local"

        def score(self, candidate: Any, run: Any) -> Any:
            return run.call(self.judge, candidate)

        async def judge(self, candidate: Any) -> Any:
            raise KeyError(candidate.text[0])

    from dataclasses import replace as changed

    from tts.engine import Job
    from tts.ledger import MemoryLeases

    async def main() -> Any:
        lines = [f"{i} \\boxed{{7}}" for i in range(4)]
        session = changed(lab.session(lab.scripted(lines)), verifier=Local())
        book = MemoryJournal(job="lab")
        async with Job(session, name="lab", journal=book, leases=MemoryLeases()) as job:
            return await job.solve(lab.problem, BestOfN(n=4))

    result = lab.run(main())
    assert result.stopped_by != "done" and sum(result.missing.values()) == 4


def test_a_search_that_loses_a_step_of_a_round_says_so(lab: Any) -> None:
    lines = [f"step {i}\n\n" if i < 8 else f"{i} \\boxed{{7}}" for i in range(64)]
    odd = Odd(lab.words(lambda _, prefix, i: "\\boxed{7}" if prefix else lines[i]), OSError("x"))
    result = lab.run(lab.solve(BeamSearch(n=4, branching=2, rounds=4), odd))
    assert result.stopped_by == "incomplete"
    assert set(result.missing) == {"Crashed: OSError: x"}


def test_a_draw_lost_in_a_child_run_is_missing_in_the_whole(lab: Any) -> None:
    async def child(n: int, *, run: Any) -> Any:
        return list(await run.all(run.sample(run.problem, n=n)))

    async def solve(problem: Any, run: Any) -> Any:
        found = await run.all([run.spawn(child, 2), run.spawn(child, 2)])
        return found[0][0]

    result = lab.run(lab.solve(solve, model(lab, TypeError("x"))))
    assert (result.stopped_by, result.missing) == ("incomplete", {"Crashed: TypeError: x": 2})


def test_where_nothing_came_the_run_failed_and_counts_why(lab: Any) -> None:
    broken = Odd(lab.scripted([]), None)
    broken.generate = lambda *_: 1 / 0  # type: ignore[method-assign]
    result = lab.run(lab.solve(MajorityVote(n=3), broken))
    assert result.stopped_by == "failed"
    assert result.missing == {"Crashed: ZeroDivisionError: division by zero": 3}


def test_what_is_missing_stands_in_the_ledger(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    result = lab.run(lab.solve(MajorityVote(n=8), model(lab, TypeError("x")), journal=book))
    row = lab.rows(book, RunRow)[-1]
    assert row.stopped_by == "incomplete"
    assert decode_result(row.result, lab.problem).missing == result.missing
    old = encode_result(result).replace(b',"missing":{"Crashed: TypeError: x":4}', b"")
    assert decode_result(old, lab.problem).missing == {}


def test_a_dropped_draw_is_not_missed(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        drafts = run.sample(problem, n=4)
        first = await run.first(drafts, k=1)
        run.drop(drafts)
        return first[0]

    slow = lab.Slow(lab.scripted(["\\boxed{7}"] * 4))
    result = lab.run(lab.solve(solve, slow))
    assert (result.stopped_by, result.missing) == ("done", {})
