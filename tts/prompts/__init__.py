"""How problems are worded for a model, and how answers are read from its text."""

from tts.prompts.boxed import has_cut_box, last_boxed
from tts.prompts.reader import Reader
from tts.prompts.task import Task
from tts.prompts.task_for import task_for
from tts.prompts.tasks import TASKS

__all__ = ["TASKS", "Reader", "Task", "has_cut_box", "last_boxed", "task_for"]
