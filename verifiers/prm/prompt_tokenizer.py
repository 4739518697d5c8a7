"""What a family needs of a tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tts.values import Message


class PromptTokenizer(Protocol):
    """Text to ids, and the model's chat template."""

    @property
    def begin(self) -> int | None:
        """The id that begins a sequence, where the model has one."""
        ...

    @property
    def size(self) -> int:
        """Ids below this number exist."""
        ...

    def encode(self, text: str) -> tuple[int, ...]:
        """The ids of a text; none are added, special tokens written in it are recognised."""
        ...

    def render(self, messages: Sequence[Message], *, open_turn: bool) -> str:
        """The conversation in the model's template. `open_turn`: up to the assistant's turn."""
        ...

    def token_id(self, token: str) -> int | None:
        """The id of a token by its name in the vocabulary; None where there is none."""
        ...
