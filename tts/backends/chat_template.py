"""How a model folder writes a conversation: its chat template and the special texts it uses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tts.errors import BadInput
from tts.values import Message


class ChatTemplate:
    """The template of `tokenizer_config.json`, or of `chat_template.jinja` beside it.

    Raises `BadInput` where a file is broken. A folder may have no template.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        settings = _settings(folder)
        self.begin = _text(settings.get("bos_token"))
        """Text that begins a sequence; empty: none."""
        self._end = _text(settings.get("eos_token"))
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _refuse
        source = _source(settings.get("chat_template"))
        try:
            self._template = environment.from_string(source) if source else None
        except TemplateError as error:
            raise BadInput(f"{folder}: the chat template is broken ({error}).") from error

    @property
    def exists(self) -> bool:
        """Whether conversations can be written at all."""
        return self._template is not None

    def render(self, messages: Sequence[Message], *, open_turn: bool) -> str:
        """The text of a conversation; `open_turn` ends it where the assistant's answer begins.

        Raises `BadInput` without a template, or where it refuses the conversation.
        """
        if self._template is None:
            raise BadInput(f"{self._folder}: this model has no chat template.")
        try:
            return self._template.render(
                messages=[{"role": turn.role, "content": turn.content} for turn in messages],
                add_generation_prompt=open_turn,
                bos_token=self.begin,
                eos_token=self._end,
            )
        except (TemplateError, TypeError) as error:
            raise BadInput(f"{self._folder}: the chat template failed ({error}).") from error


def _settings(folder: Path) -> dict[str, Any]:
    path, apart = folder / "tokenizer_config.json", folder / "chat_template.jinja"
    try:
        settings: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        if apart.is_file():
            settings["chat_template"] = apart.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder}: the chat template cannot be read ({error}).") from error
    return settings


def _source(template: Any) -> str:
    """Some folders name several templates; one of them is the default."""
    if isinstance(template, list):
        named = {one["name"]: one["template"] for one in template}
        return str(named.get("default", ""))
    return str(template or "")


def _text(token: Any) -> str:
    """A special token's text; newer folders keep it in an object."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _refuse(message: str) -> NoReturn:
    raise BadInput(f"The chat template refused the conversation: {message}")
