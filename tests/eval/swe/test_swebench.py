"""Against SWE-bench's own package, where it is installed: its loader, its grading, its reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts.eval.swe.instance import write_rows
from tts.eval.swe.predictions import Prediction, read_predictions, write_predictions
from tts.eval.swe.shipped import shipped_instances

utils = pytest.importorskip(
    "swebench.harness.utils", reason="pip install swebench tries this against its own loaders"
)
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
