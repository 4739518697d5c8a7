"""Passes over plans: each says what it changed."""

from tts.planner.passes.many_as_one import batch_calls, map_over_lists
from tts.planner.passes.optimise import PASSES, PassNote, optimise
from tts.planner.passes.pass_result import PassResult
from tts.planner.passes.spare_calls import drop_dead_calls, fold_constants, merge_equal_calls

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
