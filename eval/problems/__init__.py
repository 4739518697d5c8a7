"""Problem sets: files, hosted sets, recorded runs and generated ones."""

from tts.eval.problems.generated import generated_set
from tts.eval.problems.hosted import HubSource
from tts.eval.problems.problem_set import (
    ProblemSet,
    SkippedRow,
    canonical,
    choose,
    digest,
    from_canonical,
    shuffled,
)
from tts.eval.problems.sources import (
    file_set,
    hub_set,
    load_problem_set,
    load_problems,
    problems_of,
)

__all__ = [
    "HubSource",
    "ProblemSet",
    "SkippedRow",
    "canonical",
    "choose",
    "digest",
    "file_set",
    "from_canonical",
    "generated_set",
    "hub_set",
    "load_problem_set",
    "load_problems",
    "problems_of",
    "shuffled",
]
