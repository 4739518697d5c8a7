"""A model's name with options behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tts.errors import UsageError


@dataclass(frozen=True)
class ModelSpec:
    """A folder or hub name, and the options written behind it: `NAME?dtype=float32&eager=1`."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, *, known: tuple[str, ...]) -> ModelSpec:
        """Raises UsageError for an option that is not among the known ones."""
        name, _, query = text.partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        wrong = [key for key in options if key not in known]
        if wrong:
            raise UsageError(f"{text}: no option {wrong[0]!r}; known are {', '.join(known)}.")
        return cls(name, options)

    def number(self, key: str) -> float | None:
        """An option as a number; None where it is not given."""
        text = self.options.get(key)
        if text is None:
            return None
        try:
            return float(text)
        except ValueError as error:
            raise UsageError(f"{self.name}: {key}={text} is no number.") from error

    def flag(self, key: str) -> bool:
        """Whether an option is given and not switched off."""
        return self.options.get(key, "0") not in ("0", "false", "no")
