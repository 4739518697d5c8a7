from __future__ import annotations

from tts.backends.vllm import VLLMSettings
from tts.backends.vllm.engine import engine_arguments


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
