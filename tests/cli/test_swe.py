from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts.cli.exits import INFRASTRUCTURE, MISUSED
from tts.cli.guard import guarded
from tts.eval.swe.shipped import shipped_instances

MINI = shipped_instances()
BOOK = MINI[0]
ONE = ["-i", BOOK.instance_id]


def predictions(path: Path, *patches: str, id: str = BOOK.instance_id) -> str:
    rows = [{"instance_id": id, "model_name_or_path": "m", "model_patch": one} for one in patches]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_patch_is_graded_with_reports_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preds = predictions(tmp_path / "all_preds.jsonl", BOOK.candidates[1].patch)
    out = tmp_path / "out"
    assert guarded(["swe", "grade", "gold", preds, *ONE, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "gold: resolved 1.000 [0.207, 1.000] of 1 instances" in told
    assert "m against gold: too few to say" in told
    log = out / "logs" / "run_evaluation" / "run" / "m" / BOOK.instance_id
    assert json.loads((log / "report.json").read_text())[BOOK.instance_id]["resolved"] is False
    assert json.loads((out / "m.run.json").read_text())["unresolved_ids"] == [BOOK.instance_id]
    assert guarded(["swe", "report", str(out)]) == 0
    assert "m against gold" in capsys.readouterr().out


@pytest.mark.parametrize(
    "patch, why",
    [
        ("--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", "x.py: there is no such file"),
        ("+" * 2_000_001, "2,000,001 characters"),
        ("+" * 50_000_000, "50,000,000 characters"),
        ("diff --git a/x b/x\nGIT binary patch\n", "x: a binary file"),
        ("some words", "no unified diff"),
    ],
)
def test_a_patch_that_does_not_apply_is_one_line_and_loses_nothing(
    patch: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preds = predictions(tmp_path / "a.jsonl", patch)
    out = str(tmp_path / "out")
    assert guarded(["swe", "grade", preds, *ONE, "--out", out]) == 0
    [line] = [one for one in capsys.readouterr().err.splitlines() if one]
    assert why in line
    assert json.loads((tmp_path / "out" / "m.run.json").read_text())["error_instances"] == 1


def test_a_repository_that_is_not_here_is_a_failure_of_the_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {**BOOK.row}
    del row["tts_files"]
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    preds = predictions(tmp_path / "a.jsonl", BOOK.patch)
    told = ["--problems", str(tmp_path / "rows.jsonl"), "--out", str(tmp_path / "out")]
    assert guarded(["swe", "grade", preds, *told]) == INFRASTRUCTURE
    assert "no clone of slotbook/slotbook" in capsys.readouterr().err


@pytest.mark.parametrize(
    "told, why",
    [
        (["grade", "gold", "-i", "nothing-1"], "swe_mini has no instance 'nothing-1'"),
        (["grade", "missing.jsonl"], "missing.jsonl: cannot be read"),
        (["grade", "gold", "--problems", "missing.json"], "missing.json"),
        (["grade", "gold", "--run-id", "../x", *ONE], "a name without slashes"),
        (["grade", "gold", "--min-isolation", "rlimits", *ONE], "not tested below landlock"),
        (["grade", "gold", "--min-isolation", "docker", *ONE], "There is no isolation level"),
        (["export", "x", "--form", "zip"], "--form 'zip'"),
        (["report", "nowhere"], "no report of `tts swe grade`"),
        (["report", "--trajectories", "nowhere"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    told: list[str],
    why: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert guarded(["swe", *told]) == MISUSED
    [line] = [one for one in capsys.readouterr().err.splitlines() if one]
    assert why in line


def test_choices_are_written_and_compared_with_the_oracle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = predictions(tmp_path / "a.jsonl", *(one.patch for one in BOOK.candidates[:3]))
    out = tmp_path / "chosen.jsonl"
    assert guarded(["swe", "select", pool, *ONE, "--out", str(out), "--judged"]) == 0
    told = capsys.readouterr().out
    assert "1 patches chosen of 3 candidates" in told
    assert "oracle    1.000" in told
    assert json.loads(out.read_text())["tts"]["n_samples"] == 3


def test_a_choice_among_systems_is_set_beside_the_best_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(["swe", "export", str(tmp_path / "s"), "--form", "systems", *ONE]) == 0
    files = [str(one) for one in sorted((tmp_path / "s").glob("*/all_preds.jsonl"))]
    assert f"{len(files)} systems" in capsys.readouterr().out and len(files) > 2
    told = ["swe", "select", *files, *ONE, "--judged", "--json", "--out", str(tmp_path / "c")]
    assert guarded(told) == 0
    member = json.loads(capsys.readouterr().out)["worth"]["member"]
    assert member["model"] == "recorded/system-1"
    assert member["resolved"]["value"] == 1.0 and member["above"]["n"] == 1


def test_repositories_and_candidates_are_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(["swe", "export", str(tmp_path / "repos"), *ONE]) == 0
    assert "1 commits, 0 tags, 0 remotes, no reflog" in capsys.readouterr().out
    assert guarded(["swe", "export", str(tmp_path / "c.jsonl"), "--form", "candidates", *ONE]) == 0
    assert len((tmp_path / "c.jsonl").read_text().splitlines()) == len(BOOK.candidates)


def test_the_table_of_what_runs_here_gives_no_score_over_a_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {**BOOK.row, "repo": "django/django"}
    del row["tts_files"]
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    assert guarded(["swe", "report", "--problems", str(tmp_path / "rows.jsonl")]) == 0
    told = capsys.readouterr().out
    assert "0 of 1 instances can be graded here." in told
    assert "No score is given" in told


def test_a_model_chooses_among_patches_by_tests_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, out = tmp_path / "script.jsonl", tmp_path / "chosen.jsonl"
    assert guarded(["swe", "export", str(script), "--form", "script", *ONE]) == 0
    pool = predictions(tmp_path / "a.jsonl", *(one.patch for one in BOOK.candidates[:3]))
    told = ["swe", "select", pool, *ONE, "--out", str(out), "--model", f"scripted:{script}"]
    assert guarded(told) == 0, capsys.readouterr().err
    row = json.loads(out.read_text())
    assert row["tts"]["selector"] == "code_monkeys(machines=0)"
    assert row["tts"]["selection_cost"]["tokens"] > 0
    assert row["model_patch"] in [one.patch for one in BOOK.candidates[:3]]
