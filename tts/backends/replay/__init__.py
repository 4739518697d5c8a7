"""Recorded samples: a generator, reward scores, problems and exact expectations."""

from tts.backends.replay.expectation import best_of_k, maj_at_k, pass_at_k
from tts.backends.replay.generator import ReplayGenerator
from tts.backends.replay.read import (
    model_rows,
    read_rows,
    replay_problems,
    sample_rows,
    split_source,
)
from tts.backends.replay.row import SampleRow
from tts.backends.replay.samples import RecordedSamples, RecordedScores, UnitScale, order

__all__ = [
    "RecordedSamples",
    "RecordedScores",
    "ReplayGenerator",
    "SampleRow",
    "UnitScale",
    "best_of_k",
    "maj_at_k",
    "model_rows",
    "order",
    "pass_at_k",
    "read_rows",
    "replay_problems",
    "sample_rows",
    "split_source",
]
