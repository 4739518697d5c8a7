"""Instructions that a program checks: what a text has to hold, and what a number may be.

Instruction-following as Zhou et al. (2023, IFEval) measure it: no judge, no reference text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from tts.equivalence.number import read_number
from tts.equivalence.pool import Verdict
from tts.errors import BadInput

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_END = re.compile(r"[.!?]+(?=[\"'”’)]*(?:\s|$))")
_CLOSING = "\"'”’)* "


class Instructions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an answer has to keep to; a field that is left out asks for nothing."""

    words: tuple[str, ...] = ()
    """Each is one of the text's words, in whatever case."""
    without: tuple[str, ...] = ()
    """None is."""
    most_words: int | None = None
    sentences: int | None = None
    """Exactly so many, the last of them ended."""
    begins: str = ""
    ends: str = ""
    """With one of these marks."""
    among: tuple[float, ...] = ()
    """The answer is a number, and one of these."""
    above: float | None = None
    below: float | None = None

    def kept(self, answer: str) -> tuple[bool, ...]:
        """Whether an answer keeps to each of them, in the order of the fields."""
        return (*self._of_text(answer), *self._of_number(answer))

    def share(self, answer: str) -> float:
        """Of the instructions that an answer keeps to; 1 where there is none."""
        found = self.kept(answer)
        return sum(found) / len(found) if found else 1.0

    def _of_text(self, answer: str) -> Iterator[bool]:
        text = answer.strip()
        words = [word.lower() for word in _WORD.findall(text)]
        yield from (word.lower() in words for word in self.words)
        yield from (word.lower() not in words for word in self.without)
        if self.most_words is not None:
            yield len(words) <= self.most_words
        if self.sentences is not None:
            ended = text.rstrip(_CLOSING).endswith((".", "!", "?"))
            yield ended and len(_END.findall(text)) == self.sentences
        if self.begins:
            yield words[:1] == [self.begins.lower()]
        if self.ends:
            yield text.rstrip(_CLOSING).endswith(tuple(self.ends))

    def _of_number(self, answer: str) -> Iterator[bool]:
        read = read_number(answer)
        value = None if read is None else float(read.value)
        if self.among:
            yield value is not None and value in self.among
        if self.above is not None:
            yield value is not None and value > self.above
        if self.below is not None:
            yield value is not None and value < self.below


def read_instructions(told: object) -> Instructions:
    """Those of a mapping or of a JSON text; raises `BadInput` for what asks for nothing known."""
    try:
        if isinstance(told, str):
            return msgspec.json.decode(told, type=Instructions)
        return msgspec.convert(told, Instructions)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadInput(f"No instructions that can be checked: {error}.") from error


def follows(answer: str, reference: str) -> Verdict:
    """Whether a text keeps to all the instructions that a reference holds as JSON.

    Two texts, neither of them a reference, are the same where they are equal.
    """
    try:
        asked = read_instructions(reference)
    except BadInput:
        return "same" if answer.strip() == reference.strip() else "different"
    return "same" if all(asked.kept(answer)) else "different"
