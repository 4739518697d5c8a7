"""The device that models are loaded on."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import os


def on_cpu() -> bool:
    """Whether this vLLM runs without an accelerator."""
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


def device_bytes() -> int:
    """Memory of the first device; on a CPU what is free now."""
    if on_cpu():
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    import torch

    return int(torch.cuda.get_device_properties(0).total_memory)
