"""How much of this machine's memory a model that is run here may take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tts.backends.embedded.folder import EmbeddedConfig
from tts.errors import BadInput

GIB = 1 << 30
SHARE = 0.25
"""Of the memory that the weights leave, for keys and values."""
_ROWS = 64
_PREFIXES = 8192
_WEIGHT = 4
_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


@dataclass(frozen=True, kw_only=True)
class Room:
    """Tokens whose keys and values are kept."""

    context: int
    """Of one draw, prompt and completion together."""
    tokens: int
    """Of all draws of a batch."""
    prefix_tokens: int
    """Of recent texts."""
    rows: int = _ROWS
    """Draws of a batch."""


def room_for(
    folder: Path,
    config: EmbeddedConfig,
    parameters: int,
    *,
    free: int,
    context: int | None = None,
    share: float = SHARE,
) -> Room:
    """What fits beside the weights.

    `free`: bytes of this machine. `context`: None: as much as the model can read and the memory
    holds. `share`: of what the weights leave. Raises BadInput where the weights do not fit, or a
    context that was asked for.
    """
    left = free - parameters * _WEIGHT
    if left <= 0:
        raise BadInput(
            f"{folder}: its weights need {parameters * _WEIGHT / GIB:.1f} GiB; "
            f"{free / GIB:.1f} GiB are free."
        )
    fit = int(left * share) // config.token_bytes
    prefix_tokens = min(_PREFIXES, fit // 4)
    wanted = min(context or config.positions, config.positions)
    tokens = min(fit - prefix_tokens, _ROWS * wanted)
    if tokens < (context or 1):
        raise BadInput(
            f"{folder}: a context of {context or 1} tokens needs "
            f"{(context or 1) * config.token_bytes / GIB:.2f} GiB; {tokens} tokens fit the "
            f"{share:.0%} of the free memory that keys and values may take (?memory=)."
        )
    return Room(context=min(wanted, tokens), tokens=tokens, prefix_tokens=prefix_tokens)


def free_bytes() -> int:
    """What this process may still take of the machine, or of its container."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        told = dict(line.split(":") for line in lines)
        free = int(told["MemAvailable"].split()[0]) * 1024
        limit = _LIMIT.read_text().strip()
        if limit != "max":
            free = min(free, int(limit) - int(_USED.read_text()))
    except (OSError, KeyError, ValueError):
        pass  # another system, or no container
    return free
