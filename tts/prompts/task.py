"""What kind of question a problem is: its wording and how its answers are read."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, to_builtins

from tts.prompts.boxed import has_cut_box, last_boxed
from tts.prompts.option import option
from tts.prompts.reader import MARKED, READERS, Reader, spoken
from tts.prompts.stated import has_cut_tag, is_unsettled, last_number
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
        """The messages that put a problem to a model."""
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
        if ("boxed" in readers and has_cut_box(text)) or has_cut_tag(text):
            return None
        for reader in readers:
            answer = READERS[reader](text)
            if answer is not None:
                return self._reduced(answer)
            if reader == "stated" and is_unsettled(text):
                return None
        return None

    def _reduced(self, answer: str) -> str | None:
        match self.shape:
            case "number":
                return last_number(last_boxed(answer) or answer)
            case "option":
                return option(answer)
        return last_boxed(answer) or answer
