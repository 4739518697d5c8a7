"""The surface of a strategy: one Run per strategy and problem."""

from tts.run.generation import Generation, Source, Until
from tts.run.identity import stable_seed
from tts.run.joins import Successes
from tts.run.kept import KeptCandidates
from tts.run.picks import picks
from tts.run.recorded import FRESH, Recorded
from tts.run.run import Run
from tts.run.scheduler import Scheduler
from tts.run.settings import RunSettings
from tts.run.worst_cases import WorstCases

__all__ = [
    "FRESH",
    "Generation",
    "KeptCandidates",
    "Recorded",
    "Run",
    "RunSettings",
    "Scheduler",
    "Source",
    "Successes",
    "Until",
    "WorstCases",
    "picks",
    "stable_seed",
]
