from __future__ import annotations

from collections.abc import Sequence

import pytest

from tts.protocols import MarkedRow, RowReading
from tts.values import Message, Model


class Characters:
    """A tokenizer with one id per character; `▁` and a blank are the same, as in sentencepiece."""

    begin: int | None = None
    size = 0x110000

    def encode(self, text: str) -> tuple[int, ...]:
        return tuple(map(ord, text.replace("<extra_0>", "\ue000").replace(" ки", "\ue001")))

    def render(self, messages: Sequence[Message], *, open_turn: bool) -> str:
        turns = "".join(f"[{turn.role}]{turn.content}" for turn in messages)
        return f"{turns}[assistant]" if open_turn else turns

    def token_id(self, token: str) -> int | None:
        return {"<extra_0>": 0xE000, "▁ки": 0xE001, "+": 43, "-": 45}.get(token)


class Echo:
    """A reader whose head says where it was read."""

    def __init__(self, outputs: int = 2, context_length: int | None = None) -> None:
        self.model = Model(name="echo", parameters=10, context_length=context_length)
        self.rows: list[MarkedRow] = []
        self._outputs = outputs

    async def read(self, row: MarkedRow) -> RowReading:
        self.rows.append(row)
        vectors = tuple((0.0, float(mark))[: self._outputs] for mark in row.marks)
        return RowReading(vectors=vectors, computed_tokens=len(row.ids))

    async def close(self) -> None: ...


@pytest.fixture
def tokenizer() -> Characters:
    return Characters()


@pytest.fixture
def echo() -> type[Echo]:
    return Echo
