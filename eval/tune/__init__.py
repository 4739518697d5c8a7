"""Engine arguments found by measuring, and the idealised runtime of a model."""

from tts.eval.tune.fit import fitted
from tts.eval.tune.landscape import landscape_page
from tts.eval.tune.process_runner import ProcessRunner
from tts.eval.tune.profile import profile_text
from tts.eval.tune.search import search
from tts.eval.tune.simulated_runner import SimulatedRunner
from tts.eval.tune.space import space_for, start_points
from tts.eval.tune.trial import Failed, Measured, Outcome, Point, Space, TrialRunner, Tried
from tts.eval.tune.workload import UNITS, WorkloadName

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
