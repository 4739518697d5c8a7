"""The official harness where docker answers: what is asked of it, and what is made of its report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts.cli.guard import guarded
from tts.errors import BadInput, IsolationTooLow, UsageError
from tts.eval.swe.harness import (
    Commands,
    Done,
    HarnessReport,
    KnownCommands,
    MachineCommands,
    docker_lacks,
    graded_by_harness,
    harness_command,
)
from tts.eval.swe.predictions import Prediction
from tts.eval.swe.shipped import shipped_instances

MINI = shipped_instances()[:3]
READY = {"docker": Done(0), "swebench": Done(0)}
AWAY = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."


def graded(out: Path, commands: Commands, *models: str) -> list[HarnessReport]:
    predictions = [
        Prediction(instance_id=one.instance_id, model=model, patch=one.patch)
        for model in models
        for one in MINI[:2]
    ]
    return graded_by_harness(MINI, predictions, out, run_id="r", workers=4, commands=commands)


def told(out: Path, model: str, **counts: int) -> None:
    out.mkdir(exist_ok=True)
    report = {f"{name}_instances": count for name, count in counts.items()}
    (out / f"{model.replace('/', '__')}.r.json").write_text(json.dumps(report))


def test_the_command_is_that_of_version_5() -> None:
    command = harness_command(
        "swebench", run_id="r", workers=2, instances=["a-1", "b-2"], predictions="p.jsonl"
    )
    assert " ".join(command) == (
        "swebench eval rows.jsonl -p p.jsonl --run-id r -j 2 -t 1800 -i a-1 -i b-2"
    )


def test_each_model_is_graded_on_its_own_and_its_report_is_read(tmp_path: Path) -> None:
    told(tmp_path, "a/b", resolved=1, infra_failure=1)
    told(tmp_path, "c", resolved=2)
    commands = KnownCommands(READY)
    first, second = graded(tmp_path, commands, "a/b", "c")
    assert first.resolved.value == pytest.approx(1 / 3) and first.infrastructure == 1
    assert second.resolved.value == pytest.approx(2 / 3) and second.errors == 0
    asked = [command for command in commands.ran if command[0] == "swebench"]
    assert [command[4] for command in asked] == ["1-all_preds.jsonl", "2-all_preds.jsonl"]
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 3
    assert len((tmp_path / "2-all_preds.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("ends", "why"),
    [({}, "there is no docker here"), ({"docker": Done(1, AWAY)}, "docker does not answer here")],
)
def test_without_docker_nothing_is_written(tmp_path: Path, ends: dict[str, Done], why: str) -> None:
    with pytest.raises(IsolationTooLow, match=why) as caught:
        graded(tmp_path / "out", KnownCommands(ends), "m")
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_a_harness_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pip install 'swebench"):
        graded(tmp_path, KnownCommands({"docker": Done(0)}), "m")


def test_a_harness_that_ends_without_a_report_is_told_with_what_it_said(tmp_path: Path) -> None:
    ends = {**READY, "swebench": Done(1, "no space left on device")}
    with pytest.raises(BadInput, match=r"no report of m at .*: no space left on device"):
        graded(tmp_path, KnownCommands(ends), "m")


def test_commands_of_this_machine_end_with_their_code_and_last_words(tmp_path: Path) -> None:
    commands = MachineCommands()
    done = commands.run(
        ["/bin/sh", "-c", "echo first >&2; echo 'last  words' >&2; exit 3"], tmp_path
    )
    assert done == Done(3, "last words")
    assert commands.find("no-such-program") is None


def test_the_command_line_says_in_one_line_that_docker_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not docker_lacks(MachineCommands()):
        pytest.skip("docker answers here")
    assert guarded(["swe", "grade", "gold", "--harness", "--out", str(tmp_path / "out")]) == 4
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("tts: --harness grades in containers, and") and said.count(". ") == 0
