"""The tokenizer of a model folder, without transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from tts.errors import BadInput
from tts.values import Message


class FolderTokenizer:
    """Reads `tokenizer.json` and the chat template of a Hugging Face folder."""

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise BadInput(f"{folder}: there is no tokenizer.json; convert the tokenizer first.")
        self._tokenizer = Tokenizer.from_file(str(path))
        self._settings = _settings(folder)
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        template = self._settings.get("chat_template")
        self._template = environment.from_string(template) if template else None

    @property
    def begin(self) -> int | None:
        name = _text(self._settings.get("bos_token"))
        return self._tokenizer.token_to_id(name) if name else None

    @property
    def size(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def render(self, messages: Sequence[Message], *, open_turn: bool) -> str:
        if self._template is None:
            raise BadInput("This model has no chat template.")
        return self._template.render(
            messages=[{"role": turn.role, "content": turn.content} for turn in messages],
            add_generation_prompt=open_turn,
            bos_token=_text(self._settings.get("bos_token")),
            eos_token=_text(self._settings.get("eos_token")),
        )

    def token_id(self, token: str) -> int | None:
        found = self._tokenizer.token_to_id(token)
        return None if found is None else int(found)


def _settings(folder: Path) -> dict[str, Any]:
    path, apart = folder / "tokenizer_config.json", folder / "chat_template.jinja"
    settings: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if apart.is_file():
        settings["chat_template"] = apart.read_text("utf-8")
    return settings


def _text(token: Any) -> str:
    """A special token's text; newer folders keep it in an object."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _refuse(message: str) -> NoReturn:
    raise BadInput(f"The chat template refused the conversation: {message}")
