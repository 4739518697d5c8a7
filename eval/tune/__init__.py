"""Engine arguments found by measuring, and the idealised runtime of a model."""

from tts.eval.tune.fit import fitted
from tts.eval.tune.report import landscape_page, profile_text
from tts.eval.tune.runners import ProcessRunner, SimulatedRunner, TrialRunner
from tts.eval.tune.search import search
from tts.eval.tune.trial import (
    UNITS,
    Failed,
    Measured,
    Outcome,
    Point,
    Space,
    Tried,
    WorkloadName,
    space_for,
    start_points,
)

__all__ = [
    "UNITS",
    "Failed",
    "Measured",
    "Outcome",
    "Point",
    "ProcessRunner",
    "SimulatedRunner",
    "Space",
    "TrialRunner",
    "Tried",
    "WorkloadName",
    "fitted",
    "landscape_page",
    "profile_text",
    "search",
    "space_for",
    "start_points",
]
