"""How documents, demonstrations and a question stand in a prompt, and how an answer is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tts.values import Document, Message

LONGEST_DOCUMENT = 1024
"""Words of a document that are shown (Yue et al. 2025, appendix H)."""
READ = (
    "Answer the last question from the documents above it. Reply with the answer alone, in as few "
    "words as possible."
)
KNOW = "Answer the last question. Reply with the answer alone, in as few words as possible."
ANSWER = "Answer:"
_MARKUP = str.maketrans("", "", "*_`")
_LABEL = re.compile(
    r"^\W*(?:so\s+)?(?:the\s+)?(?:final\s+)?answer(?:\s+is)?\s*:?\s+", re.IGNORECASE
)


def shown(documents: Sequence[Document]) -> str:
    """Documents by rank with the best one last, next to the question; cut on the right."""
    numbered = list(enumerate(documents, start=1))
    return "\n\n".join(f"[{rank}] {_cut(one)}" for rank, one in reversed(numbered))


def _cut(document: Document) -> str:
    words = document.text.split()
    text = document.text.strip()
    if len(words) > LONGEST_DOCUMENT:
        text = " ".join(words[:LONGEST_DOCUMENT])
    return f"{document.title}\n{text}" if document.title else text


def block(documents: Sequence[Document], question: str, *lines: str) -> str:
    """One example, the same for demonstrations and for the question itself."""
    above = [f"Documents:\n{shown(documents)}"] if documents else []
    return "\n\n".join([*above, "\n".join([f"Question: {question.strip()}", *lines])])


def prompt(instruction: str, demonstrations: Iterable[str], last: str) -> tuple[Message, ...]:
    """The demonstrations with the best one last, then what is asked."""
    return (Message("system", instruction), Message("user", "\n\n\n".join([*demonstrations, last])))


def answer_of(text: str) -> str | None:
    """The answer of a short reply: its first line with words, without label, quotes and full stop.

    None where it holds no word. What stands behind a mark of thinking is the reply.
    """
    said = text.rpartition("</think>")[2].translate(_MARKUP)
    for line in said.splitlines():
        answer = _LABEL.sub("", line.strip()).strip().strip("\"'“”").strip()
        if any(letter.isalnum() for letter in answer):
            return answer.removesuffix(".").strip()
    return None
