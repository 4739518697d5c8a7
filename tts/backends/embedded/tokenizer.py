"""Text to ids and back, and the chat template."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from tts.values import Message


class EmbeddedTokenizer:
    """The tokenizer of a model folder whose tokens are pieces of text.

    Joining the pieces of the ids gives the text; the shipped tokenizers are built so.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string(settings["chat_template"])
        special = self._tokenizer.get_added_tokens_decoder()
        names = [
            self._tokenizer.id_to_token(index) or ""
            for index in range(self._tokenizer.get_vocab_size())
        ]
        self._names = tuple(names)
        self._pieces = tuple("" if index in special else name for index, name in enumerate(names))

    def encode(self, text: str) -> list[int]:
        """The ids of a text; special tokens written in it are recognised."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_chat(self, messages: Sequence[Message], prefix: str = "") -> list[int]:
        """The ids of a conversation up to the assistant's turn, and of that turn so far."""
        turns = [{"role": message.role, "content": message.content} for message in messages]
        return self.encode(
            self._template.render(messages=turns, add_generation_prompt=True) + prefix
        )

    def piece(self, token: int) -> str:
        """The text that an id adds; nothing for special tokens and unused ids."""
        return self._pieces[token] if token < len(self._pieces) else ""

    def name(self, token: int) -> str:
        """The text of an id, special tokens by their name."""
        return self._names[token] if token < len(self._names) else ""

    def special(self, name: str) -> int:
        """The id of a special token; raises KeyError where there is none."""
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise KeyError(name)
        return int(token)
