from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts.backends.vllm import vllm_installed
from tts.eval.bench.report import NeedsData
from tts.eval.bench.vllm import vllm
from tts.eval.bench.vllm_throughput import UNUSED, endless_folder


@pytest.mark.skipif(vllm_installed(), reason="vLLM is installed here.")
def test_without_vllm_nothing_is_measured() -> None:
    with pytest.raises(NeedsData, match="make test-vllm"):
        vllm()


def test_an_endless_policy_has_another_end(tmp_path: Path) -> None:
    folder = endless_folder(tmp_path / "endless")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["eos_token_id"] == UNUSED
    assert (folder / "model.safetensors").is_file()
