"""What the joiner decides, and the guide that keeps a draw to a decision."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tts.planner.guides import Guidance
from tts.protocols import Guide


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
_ACTION = re.compile(r"(?:^|\n)[\s*`>-]*(?:Action:[\s*`]*)?(Finish|Replan)[*`]*\(", re.IGNORECASE)
_BEHIND = re.compile(r"[ \t.;*`]*(?:<END[^>\n]*>)?[ \t]*(?:\n|$)")
"""What may follow the bracket that ends an action."""
_UNSAID = "The results do not answer the task."


def read_decision(text: str) -> Decision:
    """One JSON object, LLMCompiler's `Finish(…)`/`Replan(…)`, or else the text as the answer.

    Brackets inside an answer belong to it, and the word replan in one means nothing.
    """
    found = _object(text)
    if found is not None and str(found.get("decision")).lower() == "replan":
        return Decision("replan", str(found.get("reason") or _UNSAID))
    if found is not None and "answer" in found:
        return Decision("answer", found["answer"])
    action = _ACTION.search(text)
    if action is None:
        return Decision("answer", text.strip())
    content = _unquoted(_bracketed(text[action.end() :]))
    if action[1].lower() == "replan":
        return Decision("replan", content or _UNSAID)
    return Decision("answer", content)


def _object(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text that decides anything."""
    decoder, place = json.JSONDecoder(strict=False), 0
    while (start := text.find("{", place)) >= 0:
        place = start + 1
        try:
            found, place = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and ("decision" in found or "answer" in found):
            return found
    return None


def _bracketed(text: str) -> str:
    """Up to the bracket that closes the one before the text: the first that does and ends its
    line; else up to the last one, else all of it."""
    depth = 1
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth <= 0:
            if _BEHIND.match(text, place + 1):
                return text[:place].strip()
            depth = 1
    return text.strip().removesuffix(")").strip()


def _unquoted(text: str) -> str:
    """Without the quotes around all of it."""
    quote = text[:1]
    whole = len(text) > 1 and quote in "\"'" and text[-1] == quote and quote not in text[1:-1]
    return text[1:-1] if whole else text


def decision_guide(guidance: Guidance) -> Guide | None:
    """What the joiner's decision has to conform to."""
    if guidance == "none":
        return None
    return Guide("json", msgspec.json.encode(DECISION_SCHEMA).decode())
