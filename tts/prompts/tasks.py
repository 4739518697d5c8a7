"""The tasks that ship with the engine."""

from __future__ import annotations

from tts.prompts.task import Task

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
_PLAIN = "Answer the question. Put the final answer alone on the last line."

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(name="arithmetic", version="1", answers="mathematics"),
        Task(
            name="choice",
            version="1",
            system=_CHOICE,
            readers=("tagged", "boxed", "stated", "chosen"),
            answers="text",
            shape="option",
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
    )
}
"""By name; `arithmetic` is worded as the embedded models were trained: the bare expression."""
