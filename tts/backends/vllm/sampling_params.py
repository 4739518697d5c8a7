"""Our sampling as vLLM's."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

from tts.values import Sampling

_SEED_BITS = (1 << 63) - 1


def sampling_params(sampling: Sampling, seed: int | None, *, streamed: bool) -> Any:
    """`SamplingParams` of one draw, unseeded where `seed` is None; stop strings stay in the text."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    kind = RequestOutputKind.DELTA if streamed else RequestOutputKind.FINAL_ONLY
    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        max_tokens=sampling.max_tokens,
        stop=list(sampling.stop) or None,
        include_stop_str_in_output=True,
        logprobs=sampling.logprobs,
        seed=None if sampling.greedy or seed is None else seed & _SEED_BITS,
        output_kind=kind,
        skip_clone=True,
    )
