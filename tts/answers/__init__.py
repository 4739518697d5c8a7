"""How problems are worded, how answers are read from texts, and how one is chosen of many."""

from tts.answers.boxed import boxed, last_boxed
from tts.answers.reading import Reader
from tts.answers.short import normalised, token_f1
from tts.answers.task import TASKS, Task, task_for
from tts.answers.vote import (
    Aggregate,
    AnswerClass,
    Grouping,
    Vote,
    aggregate,
    ballots,
    majority_vote,
    rating,
    select_best,
    vote,
    weighted_vote,
)

__all__ = [
    "TASKS",
    "Aggregate",
    "AnswerClass",
    "Grouping",
    "Reader",
    "Task",
    "Vote",
    "aggregate",
    "ballots",
    "boxed",
    "last_boxed",
    "majority_vote",
    "normalised",
    "rating",
    "select_best",
    "task_for",
    "token_f1",
    "vote",
    "weighted_vote",
]
