"""What repair of the form makes of recorded programs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.eval.programs.conftest import RIGHT, Files, lines
from tts.backends.replay import read_rows
from tts.cli.guard import guarded
from tts.errors import BadInput
from tts.eval.problems import load_problem_set
from tts.eval.programs import RepairReport, repair_report
from tts.verifiers.code import ProgramGrader
from tts.verifiers.sandbox import Sandbox, probe

FENCED = "Here it is:\n```python\ndef double(n):\n    return 2 * n\n```\nThat is all."


def report_of(pool: Path, problems: str, draws: int = 0) -> RepairReport:
    if not probe("landlock").holds:
        pytest.skip("no isolation here")

    async def run() -> RepairReport:
        box = Sandbox(workers=1)
        asked = tuple(load_problem_set(problems).problems)
        grader = ProgramGrader(lambda: box)
        try:
            told = list[int]()
            return await repair_report(
                list(read_rows(pool)),
                asked,
                grader,
                lambda done, of: told.append(done),
                draws=draws,
            )
        finally:
            await box.close()

    return asyncio.run(run())


def pool_of(folder: Path, *texts: str, id: str = "T/7") -> Path:
    rows = [{"problem_id": id, "model": "m", "completion": one} for one in texts]
    return lines(folder / "own.jsonl", rows)


def test_a_text_that_is_no_program_as_it_stands_is_one_behind_its_repair(
    files: Files, tmp_path: Path
) -> None:
    found = report_of(pool_of(tmp_path, FENCED, RIGHT), files.problems)
    assert (found.compiles.raw.value, found.compiles.repaired.value) == (0.5, 1.0)
    assert (found.right.raw.value, found.right.gain.value) == (0.5, 0.5)
    assert found.any_right.gain.value == 0
    assert found.repairs["fence"] == 0.5


def test_only_the_first_draws_of_a_task_are_taken_where_a_number_is_given(
    files: Files, tmp_path: Path
) -> None:
    found = report_of(pool_of(tmp_path, RIGHT, FENCED, FENCED), files.problems, draws=1)
    assert (found.draws, found.right.raw.value) == (1, 1.0)


def test_programs_of_other_problems_are_refused(files: Files, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No recorded program is of a problem"):
        report_of(pool_of(tmp_path, RIGHT, id="X/1"), files.problems)


def test_the_gain_is_shown_and_its_verdicts_are_kept(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not probe("landlock").holds:
        pytest.skip("no isolation here")
    pool = pool_of(tmp_path, FENCED)
    command = ["replay", str(pool), "--problems", files.problems, "--repairs"]
    assert guarded(command) == 0
    first = capsys.readouterr().out
    assert "right, a draw" in first and "+100.0" in first
    kept = tmp_path / "own.jsonl.verdicts.jsonl"
    before = kept.read_text()
    assert guarded(command) == 0
    assert capsys.readouterr().out == first and kept.read_text() == before


@pytest.mark.parametrize("more", [[], ["--problems", "arithmetic:2"]])
def test_without_a_set_of_programs_there_is_nothing_to_grade_by(
    files: Files, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(["replay", str(files.pool), "--repairs", *more]) == 2
    assert "--problems" in capsys.readouterr().err
