"""`tts tune` and `tts doctor` on doubles of vLLM, and without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.backends.vllm import vllm_installed
from tts.cli.tune import run_search, show_kernels, tune
from tts.errors import UsageError
from tts.eval.tune import SimulatedRunner, space_for

SPACE = space_for(cpu=True, reads=False)


@pytest.mark.filterwarnings("ignore")
def test_a_search_leaves_a_profile_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("optuna")
    out = tmp_path / "p.yaml"
    for trials in (4, 6):
        run_search(
            SimulatedRunner(),
            SPACE,
            "vllm:m",
            "beam",
            trials=trials,
            study=tmp_path / "tune.db",
            out=out,
            load=16,
        )
    assert "engine_arguments" in out.read_text("utf-8")
    assert "<svg" in out.with_suffix(".html").read_text("utf-8")
    said = capsys.readouterr().out
    assert [said.count(f"trial {number}") for number in (0, 3, 4)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("model", "workload", "said"),
    [("vllm:m", "chess", "best_of_n"), ("embedded:small", "beam", "vllm:FOLDER")],
)
def test_what_cannot_be_tuned_is_refused(model: str, workload: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tune(model, workload, trials=1, study=Path("s"), out=Path("o"), problems=1, repeats=1)


@pytest.mark.skipif(vllm_installed(), reason="vLLM is installed here.")
def test_without_vllm_the_doctor_says_what_to_install() -> None:
    with pytest.raises(UsageError, match="pip install"):
        show_kernels("vllm:embedded/small", as_json=False)
