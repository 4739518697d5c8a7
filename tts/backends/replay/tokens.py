"""How many tokens recorded draws took, and an estimate where it was not recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple

from tts.backends.openai_http.usage import BYTES_PER_TOKEN
from tts.backends.replay.row import SampleRow
from tts.values import Message


class Tokens(NamedTuple):
    """How many, and whether that was estimated."""

    number: int
    estimated: bool


class TokenCounts:
    """Counts as recorded, zeros included. What is missing is estimated and said to be: prompts by
    another draw of the same problem, texts by the model's own bytes per token, and draws without
    a text by the mean of those that have a count."""

    def __init__(self, rows: Sequence[SampleRow]) -> None:
        self.bytes_per_token = _learnt(rows) or BYTES_PER_TOKEN
        counts = [row.completion_tokens for row in rows if row.completion_tokens is not None]
        self._mean = round(sum(counts) / len(counts)) if counts else 0
        self._prompts: dict[str, int] = {}
        for row in rows:
            if row.prompt_tokens is not None:
                known = self._prompts.get(row.problem_id, 0)
                self._prompts[row.problem_id] = max(known, row.prompt_tokens)

    def prompt(self, row: SampleRow, asked: Sequence[Message]) -> Tokens:
        """Tokens of the prompt that a draw answered."""
        if row.prompt_tokens is not None:
            return Tokens(row.prompt_tokens, False)
        return Tokens(self.most_prompt(row.problem_id, asked), True)

    def most_prompt(self, problem_id: str, asked: Sequence[Message]) -> int:
        """The largest count of a problem's prompt."""
        recorded = self._prompts.get(problem_id)
        return self.messages(asked) if recorded is None else recorded

    def completion(self, row: SampleRow) -> Tokens:
        """Tokens billed for a draw, thoughts included."""
        if row.completion_tokens is not None:
            return Tokens(row.completion_tokens, False)
        if row.shared_tokens is not None:
            return Tokens(max(1, round(row.shared_tokens)), True)
        if row.completion:
            return Tokens(self.text(row.completion), True)
        return Tokens(self._mean or self.text(row.answer or ""), True)

    def messages(self, asked: Iterable[Message]) -> int:
        """Estimated tokens of a conversation."""
        return sum(self.text(turn.content) for turn in asked)

    def text(self, text: str) -> int:
        """Estimated tokens of a text."""
        return max(1, ceil(len(text.encode("utf-8", "replace")) / self.bytes_per_token))


def _learnt(rows: Sequence[SampleRow]) -> float | None:
    """Bytes per token of the rows with a text and its own count; None where there are none."""
    size, count = 0, 0.0
    for row in rows:
        tokens = row.shared_tokens if row.completion_tokens is None else row.completion_tokens
        if row.completion and tokens and not row.reasoning_tokens:
            size += len(row.completion.encode("utf-8", "replace"))
            count += tokens
    return size / count if count else None
