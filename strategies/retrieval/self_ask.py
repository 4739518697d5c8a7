"""The lines of Self-Ask (Press et al. 2023): three prefixes, one line a call."""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from tts.protocols import Draw, Guide
from tts.run import Run
from tts.strategies.retrieval.base import AnswerCall, unread_tokens
from tts.strategies.retrieval.prompts import answer_of
from tts.values import Candidate, Completion

LineKind = Literal["follow_up", "intermediate", "final"]
PREFIXES: dict[LineKind, str] = {
    "follow_up": "Follow up:",
    "intermediate": "Intermediate answer:",
    "final": "So the final answer is:",
}
STOPS: dict[LineKind, tuple[str, ...]] = {
    "follow_up": ("\nIntermediate answer:", "\nQuestion:"),
    "intermediate": ("\nFollow up:", "\nSo the final answer is:", "\nQuestion:"),
    "final": ("\nFollow up:", "\nQuestion:"),
}
"""What a model goes on with that does not stop at the end of a line, by what the line may be first;
none of them can begin it."""
_PREFIX = re.compile(
    r"^[\s*_`>#-]*(follow[\s-]?up(?:\s+question)?|intermediate\s+answer"
    r"|(?:so[,\s]+)?(?:the\s+)?final\s+answer(?:\s+is)?)[\s*_`]*:[\s*_`]*(.*)$",
    re.IGNORECASE,
)
_KINDS: dict[str, LineKind] = {"fo": "follow_up", "in": "intermediate"}


class Line(Struct, frozen=True):
    """What a model said, as one line of the form."""

    kind: LineKind
    text: str
    repaired: bool = False
    """It did not begin with a prefix that was allowed."""

    def __str__(self) -> str:
        return f"{PREFIXES[self.kind]} {self.text}"


def read_line(text: str, allowed: tuple[LineKind, ...]) -> Line | None:
    """The first line with an allowed prefix; else what the reply is most like; None: it is empty.

    Where a single kind is allowed its prefix may be missing, since the prompt ends with it. A reply
    without any prefix is a sub-question where it asks something, and an answer where it does not.
    """
    said = text.rpartition("</think>")[2]
    lines = [line for line in said.splitlines() if line.strip()]
    for line in lines:
        found = _PREFIX.match(line)
        if found is None:
            continue
        kind = _KINDS.get(found[1][:2].lower(), "final")
        if kind in allowed and (told := _told(kind, found[2])):
            return Line(kind, told)
    if len(allowed) == 1:
        told = _told(allowed[0], _bare(lines[0])) if lines else None
        return Line(allowed[0], told) if told else None
    for line in lines:
        bare = _bare(line)
        kind = "follow_up" if bare.rstrip(" *_`\"'").endswith("?") else "final"
        if kind in allowed and (told := _told(kind, bare)):
            return Line(kind, told, repaired=True)
    return None


def _bare(line: str) -> str:
    found = _PREFIX.match(line)
    return found[2] if found else line.strip()


def _told(kind: LineKind, text: str) -> str | None:
    if kind == "follow_up":
        return text.strip(" *_`\"'") or None
    return answer_of(text)


def grammar(allowed: tuple[LineKind, ...]) -> Guide:
    """One line with one of the prefixes, for servers that decode by a grammar."""
    heads = " | ".join(f'"{PREFIXES[kind]} "' for kind in allowed)
    return Guide("grammar", f"root ::= ({heads}) [^\\n]+")


class LineCall(AnswerCall):
    """Draws the next line. A final one is an answer; any other is a live candidate, from whose
    conversation an answer can be forced."""

    def __init__(self, run: Run, *, of: str, allowed: tuple[LineKind, ...]) -> None:
        super().__init__(run, of=f"{of}/{'|'.join(allowed)}")
        self.allowed, self.guide = allowed, grammar(allowed)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Candidate:
        drawn = super().value(args, content, key)
        line = read_line(content.text, self.allowed)
        cut = content.finish_reason == "length" and "\n" not in content.text.strip()
        answer = line.text if line is not None and line.kind == "final" and not cut else None
        unread = unread_tokens(content, lambda text: read_line(text, self.allowed))
        return replace(
            drawn,
            text=content.text,
            answer=answer,
            final=answer is not None,
            unread_tokens=0 if cut else unread,
        )

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        kind, most = self.allowed[0], self.most_tokens(args)
        words = "9 " * max(1, most - 8)
        return Completion(
            text=f"{PREFIXES[kind]} {words}{draw.seed}?",
            finish_reason="stop",
            completion_tokens=most,
        )
