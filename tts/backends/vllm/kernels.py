"""Which kernels and features serve a model on this machine, and why; no weights are loaded."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tts.backends.vllm.engine import VLLMSettings, engine_arguments
from tts.backends.vllm.folder import require_vllm

AMPERE, ADA, HOPPER, BLACKWELL = 80, 89, 90, 100


class KernelFacts(Struct, frozen=True, kw_only=True):
    """Device and features, in vLLM's own words."""

    vllm: str
    device: str
    capability: int | None
    """Compute capability, 90 for 9.0; None without CUDA."""
    cpu: bool
    triton: bool
    attention: str
    """The backend's name."""
    cuda_graphs: str
    """The mode, `NONE` where off."""
    compiled: bool
    prefix_caching: bool
    chunked_prefill: bool
    block_size: int
    kv_dtype: str
    quantisation: str | None
    speculation: str | None
    max_num_seqs: int
    max_num_batched_tokens: int


def kernel_facts(settings: VLLMSettings) -> KernelFacts:
    """Resolve a model's arguments as the engine would; raises UsageError without vLLM."""
    require_vllm()
    from vllm.engine.arg_utils import AsyncEngineArgs

    config = AsyncEngineArgs(**engine_arguments(settings)).create_engine_config()
    return facts_of(config)


def facts_of(config: Any) -> KernelFacts:
    """The facts of a resolved configuration, or of a running engine's own."""
    from vllm import __version__
    from vllm.platforms import current_platform
    from vllm.triton_utils import HAS_TRITON

    capability = current_platform.get_device_capability()
    cache, scheduled = config.cache_config, config.scheduler_config
    compiled, speculative = config.compilation_config, config.speculative_config
    return KernelFacts(
        vllm=__version__,
        device=str(current_platform.get_device_name()) or current_platform.device_type,
        capability=None if capability is None else int(capability.to_int()),
        cpu=bool(current_platform.is_cpu()),
        triton=bool(HAS_TRITON),
        attention=attention_backend(config),
        cuda_graphs=str(getattr(compiled.cudagraph_mode, "name", compiled.cudagraph_mode)),
        compiled=str(getattr(compiled.mode, "name", compiled.mode)) != "NONE",
        prefix_caching=bool(cache.enable_prefix_caching),
        chunked_prefill=bool(scheduled.enable_chunked_prefill),
        block_size=int(cache.block_size or 0),
        kv_dtype=str(cache.cache_dtype),
        quantisation=config.model_config.quantization,
        speculation=None if speculative is None else str(speculative.method),
        max_num_seqs=int(scheduled.max_num_seqs),
        max_num_batched_tokens=int(scheduled.max_num_batched_tokens),
    )


def attention_backend(config: Any) -> str:
    """The name of the attention backend that vLLM selects."""
    from vllm.config import set_current_vllm_config
    from vllm.v1.attention.selector import get_attn_backend

    model, cache = config.model_config, config.cache_config
    with set_current_vllm_config(config):
        backend = get_attn_backend(model.get_head_size(), model.dtype, cache.cache_dtype)
    return str(backend.get_name())


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
