"""What vLLM resolved its arguments to on this machine, without loading weights."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tts.backends.vllm.engine_arguments import engine_arguments
from tts.backends.vllm.requirement import require_vllm
from tts.backends.vllm.settings import VLLMSettings


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
