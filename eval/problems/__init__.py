"""Problem sets: files, hosted sets, recorded runs and generated arithmetic."""

from tts.eval.problems.arithmetic_set import arithmetic_set
from tts.eval.problems.choose import choose, shuffled
from tts.eval.problems.digest import canonical, digest, from_canonical
from tts.eval.problems.file_set import file_set
from tts.eval.problems.hub_set import HubSource, hub_set
from tts.eval.problems.load import load_problem_set, load_problems
from tts.eval.problems.problem_set import ProblemSet, SkippedRow

__all__ = [
    "HubSource",
    "ProblemSet",
    "SkippedRow",
    "arithmetic_set",
    "canonical",
    "choose",
    "digest",
    "file_set",
    "from_canonical",
    "hub_set",
    "load_problem_set",
    "load_problems",
    "shuffled",
]
