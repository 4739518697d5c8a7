"""Comparisons as jobs: submitted, worked at by any number of processes, and told what to do."""

from tts.eval.jobs.obey import Halted, obeying
from tts.eval.jobs.state import JobState, Standing, runnable, standing, standings
from tts.eval.jobs.submit import recipe_in, submission, submissions, submit

__all__ = [
    "Halted",
    "JobState",
    "Standing",
    "obeying",
    "recipe_in",
    "runnable",
    "standing",
    "standings",
    "submission",
    "submissions",
    "submit",
]
