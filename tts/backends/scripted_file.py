"""A model whose replies stand in a file, by what they answer: whole pipelines without a model.

JSON Lines of `{"where": [texts], "says": [texts]}`. The first row whose `where` all stand in the
conversation answers: in its system turn or its first turn of the user, but for the last of them, which
has to stand in the last turn. Of several texts the draw's seed takes one, so that equal questions of
different parts of a run get different replies, and the same ones again on replay.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from msgspec import Struct, ValidationError, convert

from tts.backends.scripted import Line, ScriptedGenerator
from tts.errors import BadInput, BadRequest
from tts.protocols import GenerateRequest
from tts.values import Message, Model


class Saying(Struct, frozen=True, forbid_unknown_fields=True):
    """One row."""

    where: tuple[str, ...]
    says: tuple[str, ...]


class FileGenerator(ScriptedGenerator):
    """Says what the rows say; a question that none is for is a `BadRequest`."""

    def __init__(self, sayings: Sequence[Saying], *, revision: str = "") -> None:
        self._sayings = sayings
        super().__init__(self._say, model=Model(name="scripted", revision=revision, parameters=0))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `BadInput` as `file:line: reason`."""
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{path}: cannot be read ({error}).") from error
        rows = [_saying(line, f"{path}:{n}") for n, line in enumerate(text.splitlines(), 1)]
        return cls(rows, revision=sha256(text.encode()).hexdigest()[:16])

    def numbers(self, request: GenerateRequest) -> Sequence[int]:
        return request.seeds

    def _say(self, messages: Sequence[Message], prefix: str, seed: int) -> Line:
        opening = "\n".join(one.content for one in messages[:2])
        last = messages[-1].content
        for one in self._sayings:
            *before, now = one.where or ("",)
            if now in last and all(text in opening for text in before):
                return one.says[seed % len(one.says)]
        raise BadRequest(f"Nothing is scripted for {last[:80]!r}.")


def _saying(line: str, place: str) -> Saying:
    try:
        told: Any = json.loads(line)
        found = convert(told, Saying)
    except (ValueError, ValidationError) as error:
        raise BadInput(f"{place}: no row of 'where' and 'says' ({error}).") from error
    if not found.says:
        raise BadInput(f"{place}: 'says' holds no text.")
    return found
