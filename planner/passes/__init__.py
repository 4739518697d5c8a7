"""Passes over plans: each says what it changed."""

from tts.planner.passes.elimination import drop_dead_calls, fold_constants, merge_equal_calls
from tts.planner.passes.fusion import batch_calls, map_over_lists
from tts.planner.passes.optimise import PASSES, PassNote, optimise
from tts.planner.passes.pass_result import PassResult

__all__ = [
    "PASSES",
    "PassNote",
    "PassResult",
    "batch_calls",
    "drop_dead_calls",
    "fold_constants",
    "map_over_lists",
    "merge_equal_calls",
    "optimise",
]
