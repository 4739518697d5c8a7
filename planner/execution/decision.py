"""What the joiner decides."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from msgspec import Struct


class Decision(Struct, frozen=True):
    """Answer now, or ask the planner for more."""

    decision: Literal["answer", "replan"]
    content: Any
    """The answer, or the reason to replan."""


DECISION_SCHEMA = {
    "type": "object",
    "properties": {
        "decision": {"enum": ["answer", "replan"]},
        "answer": {"type": "string"},
        "reason": {"type": "string"},
    },
    "required": ["decision"],
    "additionalProperties": False,
}
_ACTION = re.compile(r"(?:^|\n)\s*(?:Action:\s*)?(Finish|Replan)\(", re.IGNORECASE)


def read_decision(text: str) -> Decision:
    """One JSON object, LLMCompiler's `Finish(…)`/`Replan(…)`, or else the text as the answer.

    Brackets inside an answer belong to it, and the word replan in one means nothing.
    """
    found = _object(text)
    if found is not None and found.get("decision") == "replan":
        return Decision("replan", str(found.get("reason") or "The results do not answer the task."))
    if found is not None and "answer" in found:
        return Decision("answer", found["answer"])
    action = _ACTION.search(text)
    if action is None:
        return Decision("answer", text.strip())
    content = _bracketed(text[action.end() :])
    return Decision("replan" if action[1].lower() == "replan" else "answer", content)


def _object(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text."""
    decoder = json.JSONDecoder(strict=False)
    for start in (match.start() for match in re.finditer(r"\{", text)):
        try:
            found, _ = decoder.raw_decode(text[start:])
        except ValueError:
            continue
        return found if isinstance(found, dict) else None
    return None


def _bracketed(text: str) -> str:
    """Up to the bracket that closes the one before the text; all of it where none does."""
    depth = 1
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[:place].strip()
    return text.strip()
