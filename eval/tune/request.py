"""What the process of a trial is told."""

from __future__ import annotations

from msgspec import Struct

from tts.eval.tune.trial import Value
from tts.eval.tune.workload import WorkloadName


class TrialRequest(Struct, frozen=True, kw_only=True):
    """A model, a setting, and what to measure."""

    model: str
    """As it stands behind `vllm:`, options included."""
    workload: WorkloadName
    point: dict[str, Value]
    problems: int
    """That run at once."""
    repeats: int
    """Measured after one that is not."""
