"""Which kernels and features serve a model, and why."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from tts.backends.vllm.kernel_facts import KernelFacts

AMPERE, ADA, HOPPER, BLACKWELL = 80, 89, 90, 100


class Finding(Struct, frozen=True):
    """One feature: on or off, in which form, and the reason."""

    name: str
    on: bool
    value: str
    why: str


def findings(facts: KernelFacts) -> tuple[Finding, ...]:
    """Every feature that decides how fast shared prefixes and step-wise search run."""
    return tuple(examine(facts) for examine in _EXAMINED)


def _device(facts: KernelFacts) -> Finding:
    capability = "" if facts.capability is None else f", capability {facts.capability / 10:.1f}"
    kind = "no accelerator was found" if facts.cpu else "the first device that vLLM found"
    return Finding("device", True, f"{facts.device}{capability}", kind)


def _attention(facts: KernelFacts) -> Finding:
    if facts.cpu:
        why = "vLLM has one attention backend for CPUs"
    elif HOPPER <= (facts.capability or 0) < BLACKWELL and "FLASH_ATTN" in facts.attention:
        why = "FlashAttention 3 needs capability 9.0, which this card has"
    elif (facts.capability or 0) >= AMPERE:
        why = (
            "FlashAttention 2 and FlashInfer need capability 8.0; set --attention-backend to choose"
        )
    else:
        why = "cards below capability 8.0 fall back to Triton or to torch's own kernels"
    return Finding("attention backend", True, facts.attention, why)


def _graphs(facts: KernelFacts) -> Finding:
    on = facts.cuda_graphs != "NONE"
    if on:
        why = "short decode steps are bound by launches, which graphs replay as one"
    else:
        why = "a CPU has no CUDA graphs" if facts.cpu else "switched off by eager=1"
    return Finding("CUDA graphs", on, facts.cuda_graphs, why)


def _compilation(facts: KernelFacts) -> Finding:
    why = "torch.compile fuses the layers; the first start takes longer"
    return Finding(
        "compilation", facts.compiled, "", why if facts.compiled else "switched off by eager=1"
    )


def _cascade(facts: KernelFacts) -> Finding:
    why = "vLLM 0.32 no longer has it; prefix caching still stores a shared prefix once"
    return Finding("cascade attention", False, "", why)


def _prefixes(facts: KernelFacts) -> Finding:
    why = "search continues the same texts again and again; a cached block is not read twice"
    return Finding(
        "prefix caching", facts.prefix_caching, f"blocks of {facts.block_size} tokens", why
    )


def _chunks(facts: KernelFacts) -> Finding:
    why = (
        "long prompts are read beside running draws instead of stopping them"
        if facts.chunked_prefill
        else "token-wise pooling and this device read a prompt in one step"
    )
    value = f"{facts.max_num_batched_tokens} tokens, {facts.max_num_seqs} requests a step"
    return Finding("chunked prefill", facts.chunked_prefill, value, why)


def _weights(facts: KernelFacts) -> Finding:
    on = "fp8" in (facts.quantisation or "")
    return Finding("FP8 weights", on, facts.quantisation or "", _fp8_reason(facts, "quantization"))


def _cache_dtype(facts: KernelFacts) -> Finding:
    on = "fp8" in facts.kv_dtype
    return Finding("FP8 KV cache", on, facts.kv_dtype, _fp8_reason(facts, "kv_cache_dtype"))


def _fp8_reason(facts: KernelFacts, argument: str) -> str:
    if facts.cpu or (facts.capability or 0) < ADA:
        return "needs a card of capability 8.9 or more"
    return f"changes answers a little, so it is only on where {argument}=fp8 is asked for"


def _speculation(facts: KernelFacts) -> Finding:
    on = facts.speculation is not None
    why = (
        "draws copy from their prompt, so guessed tokens are often right"
        if on
        else "pays where answers repeat the prompt (RAG, code editing) at few requests; n-gram "
        "speculation costs throughput in wide batches"
    )
    return Finding("speculative decoding", on, facts.speculation or "", why)


_EXAMINED: tuple[Callable[[KernelFacts], Finding], ...] = (
    _device,
    _attention,
    _graphs,
    _compilation,
    _cascade,
    _prefixes,
    _chunks,
    _weights,
    _cache_dtype,
    _speculation,
)
