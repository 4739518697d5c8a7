"""The task as one model was trained to see it."""

from __future__ import annotations

from msgspec.structs import replace

from tts.errors import UnknownName
from tts.prompts.task import Task
from tts.prompts.tasks import TASKS

_QWEN_MATH = "Please reason step by step, and put your final answer within \\boxed{}."
"""The system prompt of the Qwen2.5-Math model card."""

_OVERRIDES: dict[tuple[str, str], Task] = {
    ("math", "qwen2.5-math"): replace(TASKS["math"], version="1-qwen", system=_QWEN_MATH),
}
"""By task and by what the model's name contains, in lower case."""


def task_for(name: str, model: str = "") -> Task:
    """The task of that name, worded for a model where its makers ask for a wording.

    Raises `UnknownName` for a name that is no task.
    """
    if name not in TASKS:
        raise UnknownName("task", name, TASKS)
    model = model.lower()
    special = (task for (of, part), task in _OVERRIDES.items() if of == name and part in model)
    return next(special, TASKS[name])
