"""What kind of question a problem is, and the tasks that ship with the engine."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from tts.answers.boxed import Boxed, boxed, last_boxed
from tts.answers.reading import (
    MARKED,
    READERS,
    Reader,
    has_cut_tag,
    is_unsettled,
    last_number,
    option,
    spoken,
)
from tts.errors import UnknownName
from tts.values import STEP_SEPARATOR, AnswerKind, Message, Problem

_MATH = (
    "Solve the problem in short steps and separate the steps by blank lines. "
    "End with the final answer alone inside \\boxed{}."
)
_GRADE_SCHOOL = (
    "Work out the answer in short steps and separate the steps by blank lines. "
    "End with a line of four number signs and the final number, such as: #### 42"
)
_CHOICE = (
    "Think in short steps and separate the steps by blank lines. "
    "End with the letter of the right option inside \\boxed{}."
)
_CODE = (
    "Complete the Python function. Answer with one fenced block that holds the whole function and "
    "the imports that it needs."
)
_SCRIPT = (
    "Write a Python program that reads the input from standard input and prints the output. Answer "
    "with one fenced block that holds the whole program."
)
_PATCH = (
    "Mend the code of a repository so that the issue is solved. Write each change as a block\n"
    "<<<< SEARCH path/of/file.py\nthe lines as they are\n====\nthe lines as they are to be\n"
    ">>>> REPLACE\nwhere the searched lines are whole lines that stand once in the file. Tests are "
    "not changed, and no files are made."
)
_PLAIN = "Answer the question. Put the final answer alone on the last line."
_SHORT = "Answer the question in as few words as possible, alone on the last line."
_QWEN_MATH = "Please reason step by step, and put your final answer within \\boxed{}."
"""The system prompt of the Qwen2.5-Math model card."""


class Task(Struct, frozen=True, kw_only=True):
    """A versioned prompt template with its answer extraction; part of keys and manifests."""

    name: str
    version: str
    system: str = ""
    """Empty: no system message."""
    user: str = "{problem}"
    """`{problem}` is replaced by the problem's prompt, whatever braces that holds."""
    step_separator: str = STEP_SEPARATOR
    forced_answer: str = "\n\n\\boxed{"
    """Appended to a partial solution to make a model state its answer."""
    readers: tuple[Reader, ...] = ("tagged", "boxed")
    """Tried in this order."""
    answers: AnswerKind = "any"
    """How two answers are compared."""
    shape: Literal["free", "number", "option"] = "free"
    """What an answer is reduced to."""

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that changes prompts or answers, as JSON-able data."""
        return dict(to_builtins(self))

    def render(self, problem: Problem) -> tuple[Message, ...]:
        """The messages that put a problem to a model: its own conversation, where it has one."""
        if problem.conversation is not None:
            return problem.conversation.messages
        user = Message("user", self.user.replace("{problem}", problem.prompt))
        return (Message("system", self.system), user) if self.system else (user,)

    def extract(self, text: str) -> str | None:
        """The answer of a text; None where there is none or it was cut. Linear in the text.

        What a model thinks between marks of thinking is no answer; nor is what it thinks without
        an end, or what it states and then asks, takes back or breaks off.
        """
        said = spoken(text)
        return None if said is None else self._read(said, self.readers)

    def ends_with_answer(self, text: str) -> bool:
        """Whether the last step of a text states an answer that is marked as one."""
        said = spoken(text)
        if said is None:
            return False
        last = said.strip().rpartition(self.step_separator)[2]
        marked: tuple[Reader, ...] = tuple(name for name in self.readers if name in MARKED)
        return self._read(last, marked) is not None

    def _read(self, text: str, readers: tuple[Reader, ...]) -> str | None:
        box = boxed(text) if "boxed" in readers else Boxed(None, False)
        if box.cut or has_cut_tag(text):
            return None
        for reader in readers:
            answer = box.answer if reader == "boxed" else READERS[reader](text)
            if answer is not None:
                return self._reduced(answer)
            if reader == "stated" and is_unsettled(text):
                return None
        return None

    def _reduced(self, answer: str) -> str | None:
        if self.answers in ("program", "instructed"):
            return answer
        match self.shape:
            case "number":
                return last_number(last_boxed(answer) or answer)
            case "option":
                return option(answer)
        return last_boxed(answer) or answer


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(name="arithmetic", version="1", answers="mathematics"),
        Task(
            name="chat",
            version="1",
            readers=("tagged", "boxed", "hashes", "stated", "whole"),
            forced_answer="\n\nThe answer is ",
        ),
        Task(
            name="choice",
            version="1",
            system=_CHOICE,
            readers=("tagged", "boxed", "stated", "chosen"),
            answers="text",
            shape="option",
        ),
        Task(
            name="code",
            version="1",
            system=_CODE,
            readers=("program",),
            answers="program",
            forced_answer="\n\n```python\n",
        ),
        Task(
            name="countdown",
            version="1",
            readers=("tagged", "boxed", "stated", "steps"),
            answers="countdown",
        ),
        Task(
            name="gsm8k",
            version="1",
            system=_GRADE_SCHOOL,
            forced_answer="\n\n#### ",
            readers=("tagged", "hashes", "boxed", "stated", "last_number"),
            shape="number",
        ),
        Task(
            name="instructed",
            version="1",
            readers=("written",),
            answers="instructed",
            forced_answer="\n\nAnswer: ",
        ),
        Task(
            name="math",
            version="1",
            system=_MATH,
            readers=("tagged", "boxed", "stated"),
            answers="mathematics",
        ),
        Task(
            name="plain",
            version="1",
            system=_PLAIN,
            forced_answer="\n\nAnswer: ",
            readers=("tagged", "boxed", "stated", "last_line"),
            answers="text",
        ),
        Task(
            name="patch",
            version="1",
            system=_PATCH,
            readers=("patch",),
            answers="program",
            forced_answer="\n\n```diff\n",
        ),
        Task(
            name="qa",
            version="1",
            system=_SHORT,
            forced_answer="\n\nSo the final answer is: ",
            readers=("tagged", "boxed", "stated", "last_line"),
            answers="text",
        ),
        Task(
            name="script",
            version="1",
            system=_SCRIPT,
            readers=("program",),
            answers="program",
            forced_answer="\n\n```python\n",
        ),
    )
}
"""By name; `arithmetic` and `countdown` are worded as the embedded models were trained."""


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
