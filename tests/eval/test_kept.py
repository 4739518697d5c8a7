"""Verdicts that are kept beside a ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from tests.eval.test_grading import REFERENCE
from tts.equivalence import Verdict
from tts.eval.grading import verdicts_beside
from tts.eval.kept import Kept, beside
from tts.values import Check, Exam, Outcome
from tts.verifiers.code import ProgramGrader
from tts.verifiers.sandbox import Examination, Isolation, Limits, Sandbox


class Box:
    """Counts what it examines, which always ends the same way."""

    def __init__(self, outcome: Outcome = "passed", isolation: Isolation = "landlock") -> None:
        self.outcome: Outcome = outcome
        self.isolation: Isolation = isolation
        self.examined = 0

    async def examine(self, program: str, tests: Exam, limits: Limits) -> Examination:
        self.examined += 1
        await asyncio.sleep(0)
        return Examination(checks=(Check(self.outcome),))


def verdict(place: Path, box: Box, answer: str = "    return 2 * n") -> Verdict:
    """Of a grader that is opened anew on the ledger of a folder."""
    grader = ProgramGrader(lambda: cast(Sandbox, box), verdicts_beside(place / "tts.db"))
    return asyncio.run(grader(answer, REFERENCE))


def test_a_program_that_was_graded_is_not_run_again(tmp_path: Path) -> None:
    first, second = Box(), Box("wrong")
    assert verdict(tmp_path, first) == verdict(tmp_path, second) == "same"
    assert (first.examined, second.examined) == (2, 0)


@pytest.mark.parametrize(("outcome", "examined"), [("passed", 2), ("wrong", 1), ("lost", 3)])
def test_who_asks_while_a_program_runs_waits_for_its_verdict(
    tmp_path: Path, outcome: Outcome, examined: int
) -> None:
    """One that is undecided is nobody's: each tries for itself, one behind the other."""
    box = Box(outcome)
    grader = ProgramGrader(lambda: cast(Sandbox, box), verdicts_beside(tmp_path / "tts.db"))

    async def ask() -> list[Verdict]:
        return await asyncio.gather(*(grader("    return 2 * n", REFERENCE) for _ in range(3)))

    assert len(set(asyncio.run(ask()))) == 1
    assert box.examined == examined


def test_another_program_or_another_level_is_run(tmp_path: Path) -> None:
    verdict(tmp_path, Box())
    other, stronger = Box("wrong"), Box(isolation="namespaces")
    assert verdict(tmp_path, other, "    return n") == "different"
    assert verdict(tmp_path, stronger) == "same"
    assert (other.examined, stronger.examined) == (1, 2)


def test_what_is_undecided_is_tried_again(tmp_path: Path) -> None:
    assert verdict(tmp_path, Box("lost")) == "undecided"
    assert verdict(tmp_path, Box()) == "same"


def test_a_line_that_was_cut_or_is_none_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    kept: Kept[Verdict] = Kept(path, Verdict)
    kept.keep("a", "same")
    kept.keep("b", "different")
    path.write_bytes(path.read_bytes()[:-9] + b'\n[1]\nnonsense\n{"key": "c", "verdict": 7}\n')
    again: Kept[Verdict] = Kept(path, Verdict)
    assert [again.get(key) for key in "abc"] == ["same", None, None]


def test_a_line_behind_one_that_was_cut_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text('{"key": "cut by a ki')
    kept: Kept[Verdict] = Kept(path, Verdict)
    kept.keep("a", "same")
    kept.keep("b", "same")
    again: Kept[Verdict] = Kept(path, Verdict)
    assert [again.get(key) for key in "ab"] == ["same", "same"]


def test_where_no_file_can_be_written_verdicts_are_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept: Kept[Verdict] = Kept(tmp_path / "file" / "kept.jsonl", Verdict)
    kept.keep("a", "same")
    assert kept.get("a") == "same"


@pytest.mark.parametrize(
    ("ledger", "name"),
    [
        ("tts.db", "tts.db.verdicts.jsonl"),
        ("sqlite:///runs/tts.db", "runs/tts.db.verdicts.jsonl"),
        (":memory:", None),
        ("postgresql://host/tts", None),
    ],
)
def test_verdicts_lie_beside_a_ledger_that_is_a_file(ledger: str, name: str | None) -> None:
    assert beside(ledger) == (None if name is None else Path(name))
