"""Against SWE-bench's own package, where it is installed: its loader, its grading, its reports."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest

from tts.eval.swe.grade import GradedPrediction
from tts.eval.swe.instance import write_rows
from tts.eval.swe.predictions import Prediction, read_predictions, write_predictions
from tts.eval.swe.reports import WORDS, log_of
from tts.eval.swe.shipped import shipped_instances
from tts.verifiers.repository import Graded, RepositoryReference
from tts.verifiers.repository.grading import judged_cases

REASON = "pip install swebench tries this against its own loaders and grading"
utils = pytest.importorskip("swebench.harness.utils", reason=REASON)
grading = pytest.importorskip("swebench.harness.grading", reason=REASON)
MINI = shipped_instances()


def test_its_loader_takes_our_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_rows(tmp_path / "rows.jsonl", MINI)
    rows = utils.load_swebench_dataset(str(tmp_path / "rows.jsonl"))
    assert [row["instance_id"] for row in rows] == [one.instance_id for one in MINI]
    told = rows[0]["FAIL_TO_PASS"]
    tests = json.loads(told) if isinstance(told, str) else told
    assert tuple(tests) == MINI[0].FAIL_TO_PASS


def test_its_loader_takes_our_predictions(tmp_path: Path) -> None:
    found = [Prediction(instance_id=one.instance_id, model="m", patch=one.patch) for one in MINI]
    path = tmp_path / "all_preds.jsonl"
    write_predictions(path, found)
    taken = utils.get_predictions_from_file(str(path), str(tmp_path), "test")
    assert [row["instance_id"] for row in taken] == [one.instance_id for one in MINI]
    assert read_predictions(path) == found


CASES = list(product((*WORDS, "missing"), ("fail", "pass"), (False, True)))


@pytest.mark.parametrize("word, must, fail_only", CASES)
def test_its_grading_and_ours_agree_on_every_word(
    word: str, must: str, fail_only: bool, tmp_path: Path
) -> None:
    reference = RepositoryReference(
        files={},
        test_patch="",
        fail_to_pass=("t.py::a",) if must == "fail" else ("t.py::other",),
        pass_to_pass=("t.py::other",) if must == "fail" else ("t.py::a",),
        fail_only=fail_only,
    )
    words = {"t.py::a": word, "t.py::other": "passed", "t.py::more": "passed"}
    words = {id: one for id, one in words.items() if one != "missing"}
    cases = tuple(judged_cases(reference, words))
    ours = all(one.passed for one in cases)
    prediction = Prediction(instance_id="i", model="m", patch="p")
    verdict = Graded(standing="resolved" if ours else "unresolved", tests=cases, log="1 passed")
    (tmp_path / "log").write_text(log_of(GradedPrediction(prediction=prediction, verdict=verdict)))
    spec = SimpleNamespace(
        instance_id="i",
        FAIL_TO_PASS=list(reference.fail_to_pass),
        PASS_TO_PASS=list(reference.pass_to_pass),
        eval_type="fail_only" if fail_only else "pass_and_fail",
        log_parser="parse_log_pytest",
    )
    row = {"instance_id": "i", "model_name_or_path": "m", "model_patch": "p"}
    report = grading.get_eval_report(spec, row, str(tmp_path / "log"), True)
    assert report["i"]["resolved"] is ours
