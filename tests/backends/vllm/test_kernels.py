from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tts.backends.vllm.kernels import Finding, KernelFacts, findings

HOPPER = KernelFacts(
    vllm="0.32.0",
    device="NVIDIA H100",
    capability=90,
    cpu=False,
    triton=True,
    attention="FLASH_ATTN",
    cuda_graphs="FULL_AND_PIECEWISE",
    compiled=True,
    prefix_caching=True,
    chunked_prefill=True,
    block_size=16,
    kv_dtype="auto",
    quantisation=None,
    speculation=None,
    max_num_seqs=256,
    max_num_batched_tokens=8192,
)
CPU = replace(
    HOPPER, device="cpu", capability=None, cpu=True, attention="CPU_ATTN", cuda_graphs="NONE"
)


def found(facts: KernelFacts, name: str, **changed: Any) -> Finding:
    return next(one for one in findings(replace(facts, **changed)) if one.name == name)


@pytest.mark.parametrize("facts", [HOPPER, CPU])
def test_every_feature_has_a_reason(facts: KernelFacts) -> None:
    assert all(one.why for one in findings(facts))
    assert len({one.name for one in findings(facts)}) == 10


def test_a_cpu_has_no_graphs_and_no_fp8() -> None:
    assert not found(CPU, "CUDA graphs").on
    assert "8.9" in found(CPU, "FP8 KV cache").why


def test_a_hopper_card_has_flash_attention_3() -> None:
    assert "FlashAttention 3" in found(HOPPER, "attention backend").why


def test_an_older_card_falls_back() -> None:
    assert "Triton" in found(HOPPER, "attention backend", capability=75).why


def test_what_was_asked_for_is_on() -> None:
    assert found(HOPPER, "FP8 weights", quantisation="fp8").on
    assert found(HOPPER, "FP8 KV cache", kv_dtype="fp8_e4m3").on
    assert found(HOPPER, "speculative decoding", speculation="ngram").on
