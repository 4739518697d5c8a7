"""What kind of question a problem is: its wording and how its answers are read."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, to_builtins

from tts.prompts.boxed import has_cut_box
from tts.prompts.option import option
from tts.prompts.reader import MARKED, READERS, Reader
from tts.prompts.stated import last_number
from tts.values import STEP_SEPARATOR, AnswerKind, Message, Problem


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
    readers: tuple[Reader, ...] = ("boxed",)
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
        """The messages that put a problem to a model."""
        user = Message("user", self.user.replace("{problem}", problem.prompt))
        return (Message("system", self.system), user) if self.system else (user,)

    def extract(self, text: str) -> str | None:
        """The answer of a text; None where there is none or it was cut. Linear in the text."""
        return self._read(text, self.readers)

    def ends_with_answer(self, text: str) -> bool:
        """Whether the last step of a text states an answer that is marked as one."""
        last = text.strip().rpartition(self.step_separator)[2]
        marked: tuple[Reader, ...] = tuple(name for name in self.readers if name in MARKED)
        return self._read(last, marked) is not None

    def _read(self, text: str, readers: tuple[Reader, ...]) -> str | None:
        if "boxed" in readers and has_cut_box(text):
            return None
        found = (READERS[reader](text) for reader in readers)
        answer = next((answer for answer in found if answer is not None), None)
        return None if answer is None else self._reduced(answer)

    def _reduced(self, answer: str) -> str | None:
        match self.shape:
            case "number":
                return last_number(answer)
            case "option":
                return option(answer)
        return answer
