"""A question to solve."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

AnswerKind = Literal["any", "text", "mathematics"]
"""What a task's answers are: text only, mathematics, or either, which each answer then shows.

Whatever is expected, algebra compares two answers only where both are mathematics. The kinds
differ in what letters without a sign between them are: `xy` is a product for mathematics alone.
"""


class Problem(Struct, frozen=True, kw_only=True):
    """A question, what kind of question it is and, where known, its reference answer."""

    id: str
    prompt: str
    answer: str | None = None
    """The reference answer: seen by graders only, never by a strategy or a model."""
    task: str = "math"
    """Which prompt template and answer extraction apply; a key of `tts.answers.TASKS`."""
    difficulty_bin: int | None = None
    """1 (easiest) to 5."""
    metadata: dict[str, Any] = field(default_factory=dict)
